/** The shape of the set by which retrieval is measured: documents in sections, and to each section questions that it answers. */

/** `answer` stands in `text` and in no other section of the set. */
export type Section = { heading: string; text: string; answer: string; exact: string[]; meaning: string[] }
export type EvaluationDocument = {
  filename: string
  kind: 'pdf' | 'docx' | 'html' | 'markdown' | 'csv' | 'text'
  language: 'en' | 'zh'
  sections: Section[]
}

/** A section: what it says, what of it answers, a question in its own words, and questions in other words. */
export const section = (
  heading: string,
  text: string,
  answer: string,
  exact: string,
  ...meaning: string[]
): Section => ({
  heading,
  text,
  answer,
  exact: [exact],
  meaning,
})
