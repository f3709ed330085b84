import { words } from './words.ts'

/** The categories of the marketplace. */
export const categories = words({
  en: {
    writing: 'Writing',
    code: 'Code',
    data: 'Data',
    research: 'Research',
    education: 'Education',
    support: 'Support',
    legal: 'Legal',
    finance: 'Finance',
    marketing: 'Marketing',
    design: 'Design',
    translation: 'Translation',
    other: 'Other',
  },
  zh: {
    writing: '写作',
    code: '代码',
    data: '数据',
    research: '研究',
    education: '教育',
    support: '客服',
    legal: '法律',
    finance: '金融',
    marketing: '营销',
    design: '设计',
    translation: '翻译',
    other: '其他',
  },
})
