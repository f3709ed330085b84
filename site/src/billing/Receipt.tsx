import { Download } from 'lucide-react'
import type { Answer } from '../api/client.ts'
import { useRoute } from '../api/query.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { saveFile } from '../consoles/save-file.ts'
import { Button } from '../ui/button.tsx'
import { CopyId } from '../ui/copy.tsx'
import { Sheet } from '../ui/dialog.tsx'
import { Money } from '../ui/figures.tsx'
import { moment, whole } from '../ui/format.ts'
import { Table } from '../ui/table.tsx'
import { billing } from '../words/billing.ts'
import { fill, said } from '../words/words.ts'

/** The receipt of a payment at the side; nothing without an id. */
export function Receipt({ id, onClose }: { id: string | undefined; onClose: () => void }) {
  const w = said(billing)
  const receipt = useRoute(
    'GET /api/v1/payments/{id}/receipt',
    { params: { id: id ?? '' }, query: { format: 'json' } },
    { isOff: id === undefined },
  )
  const title = receipt.data ? fill(w.receiptNumber, { number: receipt.data.number }) : w.receipt
  return (
    <Sheet isOpen={id !== undefined} onOpenChange={onClose} title={title}>
      <Loaded query={receipt}>{(answer) => <Lines receipt={answer} />}</Loaded>
    </Sheet>
  )
}

function Lines({ receipt }: { receipt: Answer<'GET /api/v1/payments/{id}/receipt'> }) {
  const w = said(billing)
  const params = { id: receipt.payment_id }
  return (
    <>
      <p className="text-base text-soft">
        {fill(w.issued, { date: moment(receipt.issued_at), email: receipt.buyer.email })}
      </p>
      <Table
        label={w.receipt}
        rows={receipt.lines}
        rowKey={({ description }) => description}
        columns={[
          { name: 'item', head: w.item, cell: ({ description }) => description },
          { name: 'quantity', head: w.quantity, isNumber: true, cell: ({ quantity }) => whole(quantity) },
          { name: 'each', head: w.unitPrice, isNumber: true, cell: (line) => <Money amount={line.unit_price_usd} /> },
          { name: 'sum', head: w.sum, isNumber: true, cell: (line) => <Money amount={line.amount_usd} /> },
        ]}
      />
      <dl className="grid grid-cols-[1fr_auto] gap-y-2 border-t border-line pt-3 text-base">
        {receipt.reversals.map(({ amount_usd: amount, created_at: at }) => (
          <Line key={at} name={w.wentBack} amount={amount} isOut />
        ))}
        <dt className="font-medium">{w.total}</dt>
        <dd className="text-right font-medium">
          <Money amount={receipt.total_usd} />
        </dd>
        <dt className="text-soft">{fill(w.paidBy, { method: w.methods[receipt.method] })}</dt>
        <dd />
        {receipt.provider_reference !== null && (
          <>
            <dt className="text-soft">{w.reference}</dt>
            <dd className="text-right">
              <CopyId id={receipt.provider_reference} chars={14} />
            </dd>
          </>
        )}
      </dl>
      <div>
        <Button
          onClick={() =>
            void saveFile('GET /api/v1/payments/{id}/receipt', `receipt-${receipt.number}.html`, {
              params,
              query: { format: 'html' },
            })
          }
        >
          <Download aria-hidden />
          {w.print}
        </Button>
      </div>
    </>
  )
}

function Line({ name, amount, isOut }: { name: string; amount: string; isOut?: boolean }) {
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className="text-right">
        <Money amount={amount} isOut={isOut === true} />
      </dd>
    </>
  )
}
