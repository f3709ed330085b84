import { words } from './words.ts'

/** What a visitor can do about an error of a call, by its code; `local` where the stack runs on this machine. */
export const remedies = words({
  en: {
    other: 'Try again. If it happens twice, send us the request id.',
    codes: {
      unreachable: 'Check your connection and try again. If it stays away, it is our fault.',
      cut: 'The call was not charged. Run it again.',
      '40103': 'Paste a key that begins with ak_ and has not been revoked.',
      '40201': 'This agent costs more than one call of quota. Top up the balance, or choose a cheaper agent.',
      '40304': 'That is the guard at work: the answer would have carried a part of the prompt.',
      '40401': 'The agent may have been withdrawn since the list was read. Reload the page.',
      '42901': 'All calls of this account are used. Nothing was charged for this one.',
      '42902': 'Wait a minute, then run it again.',
    },
    local: {
      unreachable: 'Start the local stack with “npm start” in the repository, wait until it is ready, then try again.',
      '40103': 'Paste the developer key that “npm start” printed.',
    },
  },
  zh: {
    other: '请重试。如果再次出现，请把请求编号告诉我们。',
    codes: {
      unreachable: '请检查网络后重试。如果一直没有响应，问题在我们这边。',
      cut: '这次调用没有计费，请重新运行。',
      '40103': '请粘贴以 ak_ 开头且未被撤销的密钥。',
      '40201': '该 Agent 的价格超过一次配额。请充值余额，或选择更便宜的 Agent。',
      '40304': '守卫已拦截：回答中会带出部分提示词。',
      '40401': '读取列表之后该 Agent 可能已下架，请刷新页面。',
      '42901': '账号的调用次数已用完，这次没有计费。',
      '42902': '请等待一分钟后再运行。',
    },
    local: {
      unreachable: '请在仓库中运行“npm start”启动本地环境，就绪后重试。',
      '40103': '请粘贴“npm start”输出的开发者密钥。',
    },
  },
})
