/** The numbers that prices are made of. Why they are what they are stands in the README under "Money". */
import { amount, toUnits } from './amount.ts'

/** V: what one unit of quota is worth to a creator at most, the smallest unit value on sale. Dearer agents take a premium. */
export const BASE_VALUE = amount('0.005')
export const BASE_VALUE_UNITS = toUnits(BASE_VALUE)

/** The platform's share of a creator's revenue, in whole percents. */
export const FEE_PERCENT = 20
