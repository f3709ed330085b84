import { useMemo } from 'react'
import { sealSvg, type SealState } from '../seal/seal.ts'
import { cn } from './cn.ts'

type Props = { id: string; sizePx?: number; isVerified?: boolean; state?: SealState; className?: string }

/** The seal of an agent, the same wherever the agent is shown. Our own markup; an id only seeds it. */
export function Seal({ id, sizePx = 40, isVerified = false, state = 'active', className }: Props) {
  const svg = useMemo(() => sealSvg(id, { sizePx, isVerified, state }), [id, sizePx, isVerified, state])
  // oxlint-disable-next-line react/no-danger
  return (
    <span
      aria-hidden
      className={cn('block shrink-0', className)}
      style={{ width: sizePx }}
      dangerouslySetInnerHTML={{ __html: svg }}
    />
  )
}
