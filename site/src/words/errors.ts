import { words } from './words.ts'

/** What a failure means to whoever meets it, by the code of the API; `other` says the API's own words. */
export const errors = words({
  en: {
    title: 'This did not work',
    offline: 'You are offline. This goes on by itself when the connection is back.',
    online: 'You are online again.',
    unreachable: 'The API does not answer. Nothing is lost; try again in a moment.',
    malformed: 'The API sent something that this page cannot read.',
    cut: 'The connection ended before the answer did.',
    signedOut: 'Your session has ended. Sign in again; what you typed here stays.',
    forbidden: 'This is not allowed for you.',
    rateLimited: 'That was a lot at once. Try again in {seconds} s.',
    field: 'This {problem}.',
    other: '{message}',
  },
  zh: {
    title: '操作没有成功',
    offline: '你已离线。恢复连接后会自动继续。',
    online: '已恢复连接。',
    unreachable: 'API 没有响应。没有丢失任何内容，请稍后再试。',
    malformed: 'API 返回了本页无法读取的内容。',
    cut: '回答还没结束，连接就断开了。',
    signedOut: '会话已结束。请重新登录，你输入的内容会保留。',
    forbidden: '你没有权限执行此操作。',
    rateLimited: '请求太频繁。请在 {seconds} 秒后重试。',
    field: '此项有误：{problem}。',
    other: '{message}',
  },
})
