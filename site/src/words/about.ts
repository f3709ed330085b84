import { words } from './words.ts'

export const about = words({
  en: {
    title: 'About',
    description: 'Why AgentLink is there, what it does and what it does not.',
    lead: 'A good prompt is work. Until now one could show it and lose it, or keep it and earn nothing.',
    why: {
      title: 'Why',
      one: 'Who writes a prompt that works has made something others would pay for. But text is copied in a second, so it is given away, hidden inside an app, or sold once.',
      two: 'AgentLink sells what the prompt does. The prompt itself stays sealed; each successful call is paid.',
    },
    how: {
      title: 'What we hold ourselves to',
      items: {
        one: 'We promise only what we can check, and say where a promise ends.',
        two: 'A failed call costs nothing. We would rather lose a cent than argue about one.',
        three:
          'Every amount can be added up again: from the payment to the call, from the call to the settlement, from the settlement to the transaction.',
        four: 'Figures on these pages come from the API when you look. There are no customers in quotation marks here.',
        five: 'The fee is 20 %, taken once, when a creator is paid.',
      },
    },
    not: {
      title: 'What we do not do',
      items: {
        one: 'We do not keep what you send or what you get, except where you ask for it with an Idempotency-Key.',
        two: 'We do not rank agents for money.',
        three: 'We do not train models.',
      },
    },
    more: { promise: 'The promise about prompts', docs: 'Docs', status: 'Status' },
  },
  zh: {
    title: '关于',
    description: 'AgentLink 为什么存在，做什么，不做什么。',
    lead: '好的提示词是劳动成果。过去要么公开它而失去它，要么保留它而一无所获。',
    why: {
      title: '为什么',
      one: '写出有效提示词的人，创造了他人愿意付费的东西。但文字一秒就能复制，于是它被免费送出、藏在应用里，或只卖一次。',
      two: 'AgentLink 出售的是提示词的作用。提示词本身保持封存，每次成功的调用都有报酬。',
    },
    how: {
      title: '我们的要求',
      items: {
        one: '只承诺可以验证的内容，并说明承诺的边界。',
        two: '失败的调用不收费。宁可少收一分，也不为一分争论。',
        three: '每笔金额都可以重新核算：从付款到调用，从调用到结算，从结算到交易。',
        four: '页面上的数字在你查看时从 API 读取。这里没有虚构的客户评语。',
        five: '费用为 20%，只在创作者收款时收取一次。',
      },
    },
    not: {
      title: '我们不做的事',
      items: {
        one: '不保留你发送或得到的内容，除非你用 Idempotency-Key 要求保留。',
        two: '不为付费调整 Agent 的排名。',
        three: '不训练模型。',
      },
    },
    more: { promise: '对提示词的承诺', docs: '文档', status: '运行状态' },
  },
})
