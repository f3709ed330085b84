import { words } from './words.ts'

/** What stands where nothing is. */
export const missing = words({
  en: {
    title: 'There is nothing here',
    lead: 'The address is wrong, or what stood here is gone.',
    home: 'To the first page',
    marketplace: 'Marketplace',
    docs: 'Docs',
  },
  zh: {
    title: '这里什么都没有',
    lead: '地址有误，或原来的内容已不存在。',
    home: '回到首页',
    marketplace: '市场',
    docs: '文档',
  },
})
