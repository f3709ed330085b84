import { words } from './words.ts'

/** What the consoles share. */
export const consoles = words({
  en: {
    navigation: 'Console',
    needsScripts: 'This page needs JavaScript.',
    notYours: 'This part is not for your account',
    notYoursWhy: {
      developer: 'It is for developers. You are signed in as somebody else; sign out and in again to change that.',
      creator: 'It is for creators. You are signed in as a developer; a creator has an account of its own.',
      admin: 'It is for those who run the platform.',
      account: '',
    },
  },
  zh: {
    navigation: '控制台',
    needsScripts: '本页需要 JavaScript。',
    notYours: '此部分不适用于你的账号',
    notYoursWhy: {
      developer: '此部分面向开发者。你登录的是其他账号，请退出后重新登录。',
      creator: '此部分面向创作者。你登录的是开发者账号，创作者需要单独的账号。',
      admin: '此部分面向平台管理人员。',
      account: '',
    },
  },
})
