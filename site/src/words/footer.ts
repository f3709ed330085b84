import { words } from './words.ts'

export const footer = words({
  en: {
    label: 'More',
    line: 'Prompts sealed, answers sold by the call.',
    figures: 'Every figure on these pages was read from the API when you opened them, or measured in your browser:',
  },
  zh: {
    label: '更多',
    line: '提示词封存，回答按次出售。',
    figures: '页面上的每个数字都是打开时从 API 读取的，或在你的浏览器中测得：',
  },
})
