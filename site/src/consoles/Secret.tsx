import { Eye, EyeOff } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy.tsx'
import { Dialog } from '../ui/dialog.tsx'

type Props = {
  secret: string
  title: string
  why: string
  words: { reveal: string; conceal: string; stored: string }
  onClose: () => void
  children?: ReactNode
}

/** A secret that is shown this once: sealed until one asks, and gone when the dialog is closed by its button. */
export function Secret({ secret, title, why, words, onClose, children }: Props) {
  const [isShown, setShown] = useState(false)
  return (
    <Dialog isOpen onOpenChange={onClose} title={title} lead={why} className="w-[min(38rem,calc(100vw-2rem))]">
      <div className="grid gap-3 rounded-md border border-strong p-3">
        {isShown ? (
          <code className="font-mono text-base break-all select-all" data-secret>
            {secret}
          </code>
        ) : (
          <SealedLine chars={secret.length} />
        )}
        <div className="flex flex-wrap justify-end gap-2">
          <Button size="s" look="quiet" onClick={() => setShown(!isShown)}>
            {isShown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
            {isShown ? words.conceal : words.reveal}
          </Button>
          <CopyButton text={secret} />
        </div>
      </div>
      {children}
      <div className="flex justify-end">
        <Button look="main" onClick={onClose}>
          {words.stored}
        </Button>
      </div>
    </Dialog>
  )
}

/** Bars in place of characters. */
function SealedLine({ chars }: { chars: number }) {
  const widths = Array.from({ length: Math.min(8, Math.ceil(chars / 6)) }, (_, index) => 8 + ((index * 37) % 11))
  return (
    <div aria-hidden className="flex h-6 items-center gap-1">
      {widths.map((width, index) => (
        // oxlint-disable-next-line react/no-array-index-key
        <span key={index} className="h-3 rounded-[1px] bg-bar" style={{ width: `${width}%` }} />
      ))}
    </div>
  )
}
