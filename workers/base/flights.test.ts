import { afterEach, expect, test, vi } from 'vitest'
import { Flights } from './flights.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('who asks for the same at the same time shares one piece of work, and who asks later starts anew', async () => {
  const flights = new Flights<number>()
  let runs = 0
  const work = async (): Promise<number> => {
    await Promise.resolve()
    return ++runs
  }
  expect(await Promise.all([flights.join('a', work), flights.join('a', work), flights.join('b', work)])).toEqual([
    1, 1, 2,
  ])
  expect(await flights.join('a', work)).toBe(3)
})

test('a failure reaches everybody who waits and is not kept', async () => {
  const flights = new Flights<string>()
  const fail = (): Promise<string> => Promise.reject(new Error('away'))
  const outcomes = await Promise.allSettled([flights.join('a', fail), flights.join('a', fail)])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await flights.join('a', () => Promise.resolve('back'))).toBe('back')
})

test('nobody waits for ever for a look-up that never ends', async () => {
  vi.useFakeTimers()
  const flights = new Flights<string>()
  let end = (_value: string): void => {}
  const first = flights.join('a', () => new Promise((resolve) => (end = resolve)))
  const second = flights.join('a', () => Promise.resolve('anew'))
  await vi.advanceTimersByTimeAsync(5_000)
  expect(await second).toBe('anew')
  end('late')
  expect(await first).toBe('late')
})

test('what was forgotten is joined by nobody, and ends undisturbed', async () => {
  const flights = new Flights<string>()
  let end = (_value: string): void => {}
  const first = flights.join('a', () => new Promise((resolve) => (end = resolve)))
  expect(flights.isRunning('a')).toBe(true)
  flights.forget('a')
  expect(flights.isRunning('a')).toBe(false)
  const second = flights.join('a', () => Promise.resolve('new'))
  end('old')
  expect(await Promise.all([first, second])).toEqual(['old', 'new'])
})
