import { words } from './words.ts'

export const docs = words({
  en: {
    title: 'Docs',
    label: 'Documentation',
    begin: 'Begin',
    understand: 'Understand',
    look: 'Look up',
    onPage: 'On this page',
    next: 'Next: {title}',
    api: {
      title: 'API reference',
      lead: 'Every route, as the API describes itself at this moment.',
      whole: 'The whole reference, with fields and examples',
      document: 'OpenAPI 3.1 document',
      filter: 'Filter by path or words',
      reading: 'Reading the document from the API…',
      failed: 'The document could not be read. Try again in a moment.',
      routes: { one: '{n} route', other: '{n} routes' },
    },
  },
  zh: {
    title: '文档',
    label: '文档',
    begin: '入门',
    understand: '了解',
    look: '查阅',
    onPage: '本页内容',
    next: '下一篇：{title}',
    api: {
      title: 'API 参考',
      lead: '每个接口，均为 API 此刻的自我描述。',
      whole: '完整参考，含字段和示例',
      document: 'OpenAPI 3.1 文档',
      filter: '按路径或关键词筛选',
      reading: '正在从 API 读取文档…',
      failed: '无法读取文档，请稍后再试。',
      routes: { one: '{n} 个接口', other: '{n} 个接口' },
    },
  },
})
