/** What a stand-in has to say in each trade. `$topic` and `$word` are filled in from the question. */

export type Subject = { about: RegExp; sentences: readonly string[] }

const GENERAL: Subject = {
  about: /$^/g,
  sentences: [
    'The short version is that $topic gets easier once the goal is written down in one plain sentence.',
    'Begin with the part of $word you can check today, because a small certain step beats a large guess.',
    'Compare two options for $word side by side and note what each of them costs you in time.',
    'If $topic still feels vague after that, ask one person who has done it and listen for what surprised them.',
  ],
}

const SUBJECTS: readonly Subject[] = [
  {
    about: /\b(code|software|programm|developer|typescript|python|sql|api|debug|regex|devops)/gi,
    sentences: [
      'Reproduce $topic with the smallest input that still shows it, then keep that input as a test.',
      'Most trouble around $word comes from a value that is empty or of another type than the reader assumes.',
      'Log the boundary where $word enters your program and compare it with what the caller believes was sent.',
      'Once the test for $topic passes, delete whatever you added only to understand it.',
    ],
  },
  {
    about: /\b(law|legal|contract|clause|compliance|privacy|gdpr|lawyer|attorney)/gi,
    sentences: [
      'For $topic, the wording that was actually signed decides, so start from the document and its date.',
      'Look for a definition of $word, for the exceptions to it, and for the notice period that applies.',
      'Keep a dated record of every exchange about $word; it is often the only evidence later.',
      'Where real money hangs on $topic, have someone licensed in your country read it before you act.',
    ],
  },
  {
    about: /\b(financ|invest|tax|account|budget|money|stock|bank|pricing|econom)/gi,
    sentences: [
      'Put $topic in figures first: what comes in, what goes out, and in which month each of them happens.',
      'Treat $word as a range rather than a point, and see whether the plan survives the bad end of it.',
      'Fees and taxes on $word compound quietly, so compare results after them and not before.',
      'A reserve of a few months makes most decisions about $topic less urgent, and therefore better.',
    ],
  },
  {
    about: /\b(health|fitness|nutrition|medical|doctor|sleep|exercise|wellness|therap)/gi,
    sentences: [
      'With $topic, small changes kept for weeks do more than large ones kept for days.',
      'Write down when $word gets better or worse; a pattern usually shows within a fortnight.',
      'Sleep, water and a daily walk shape $word more than most products that promise to.',
      'If $topic comes with pain, fever or sudden change, please see a physician instead of waiting.',
    ],
  },
  {
    about: /\b(cook|recipe|chef|kitchen|food|bak(?:e|ing)|meal|wine)/gi,
    sentences: [
      'For $topic, let heat and time do the work: a hot pan, a dry surface, and patience before you stir.',
      'Season $word in small amounts as you go and taste each time, because salt cannot be taken out.',
      'A little acid at the end, lemon or vinegar, lifts $word more than another spoon of fat.',
      'Let the result rest for five minutes; $topic is better warm than scalding.',
    ],
  },
  {
    about: /\b(travel|trip|hotel|flight|itinerary|tourist|destination)/gi,
    sentences: [
      'Plan $topic around two fixed points a day and leave the hours between them open.',
      'For $word, the early morning is quieter and cheaper than any ticket that promises to skip the queue.',
      'Stay near a station rather than near the sights; $word then costs minutes and not taxis.',
      'Keep one day of $topic without any plan, since weather and appetite will have their own.',
    ],
  },
  {
    about: /\b(marketing|copywrit|brand|seo|advert|sales|campaign|social media)/gi,
    sentences: [
      'Say in one line who $topic is for and what changes for them; everything else is decoration.',
      'Lead with the result of $word and put the proof, a number or a name, directly behind it.',
      'Write three headlines about $word, show them to five strangers, and keep the one they can repeat.',
      'Measure $topic by replies and returns instead of views, which cost nothing to give.',
    ],
  },
  {
    about: /\b(writ(?:er|ing)|story|novel|editor|poet|essay|creative|translat)/gi,
    sentences: [
      'Open $topic at the moment something changes, and let the background arrive when it is missed.',
      'Choose one concrete detail for $word and trust it; three adjectives seldom add up to a picture.',
      'Read the passage on $word aloud and cut wherever your breath runs out.',
      'End $topic one line earlier than feels safe.',
    ],
  },
  {
    about: /\b(data|statistic|analy[sz]|spreadsheet|chart|machine learning|research)/gi,
    sentences: [
      'Before modelling $topic, count the rows, the gaps and the duplicates, and plot the plain distribution.',
      'Compare $word with a naive baseline; many impressive results are only the average in disguise.',
      'State how uncertain $word is, next to the figure and in the same unit.',
      'If $topic rests on one source, say so in the first sentence of the report.',
    ],
  },
  {
    about: /\b(teach|tutor|student|learn|school|math|physics|language|exam|education)/gi,
    sentences: [
      'Let us take $topic in two steps: first what it means, then one example worked to the end.',
      'Try explaining $word in your own words; the sentence where you hesitate is the one to study.',
      'A sketch of $word helps more than a second reading, even when it is a rough one.',
      'Come back to $topic tomorrow for five minutes, since recalling it is what makes it stay.',
    ],
  },
]

const READ_MAX = 800
const REMEMBERED_MAX = 500
const remembered = new Map<string, Subject>()

/** The trade that a hidden prompt most likely speaks of. Only the trade is used, never a word of the prompt. */
export function subjectOf(system: string): Subject {
  const start = system.slice(0, READ_MAX)
  const known = remembered.get(start)
  if (known) return known
  const votes = SUBJECTS.map((subject) => ({ subject, count: start.match(subject.about)?.length ?? 0 }))
  const most = votes.reduce((best, vote) => (vote.count > best.count ? vote : best), { subject: GENERAL, count: 0 })
  if (remembered.size >= REMEMBERED_MAX) remembered.clear()
  remembered.set(start, most.subject)
  return most.subject
}
