// The types of Stripe's SDK ask for those of Node, in which a timer is an object: in the Worker it is a number, so they get nothing.
export type NotHere = never
