// Sells by the client that openapi-typescript makes of posd's description.
//
//     npx openapi-typescript http://127.0.0.1:8480/openapi.json -o posd.d.ts
//     npx tsc && node shop.js http://127.0.0.1:8480 TOKEN

import createClient from "openapi-fetch"
import type { components, paths } from "./posd.js"

type Sale = components["schemas"]["Sale"]

const [baseUrl, token] = process.argv.slice(2)
const posd = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } })

// answer returns what was asked for, or throws posd's sentence.
function answer<T>(r: { data?: T; error?: components["schemas"]["Problem"] }): T {
  if (r.data === undefined) throw new Error(r.error?.detail ?? "posd gave no answer")
  return r.data
}

const key = crypto.randomUUID() // keep it before sending: repeated under it, nothing is charged twice
const order = { params: { header: { "Idempotency-Key": key } }, body: { amount: 2865, method: "card" as const, reference: "TS-1" } }
let sale: Sale = answer(await posd.POST("/v1/sales", order))
const again: Sale = answer(await posd.POST("/v1/sales", order))
console.log(again.id === sale.id ? "the same key is the same sale" : "sold twice")

const path = { id: sale.id }
while (sale.state === "waiting" || sale.state === "unsure") {
  sale = answer(await posd.GET("/v1/sales/{id}", { params: { path, query: { wait: "30s" } } }))
}
console.log(`sale ${sale.state} ${sale.approvedAmount}`)

const voided = answer(await posd.POST("/v1/sales/{id}/void", {
  params: { path, header: { "Idempotency-Key": crypto.randomUUID() } }, body: { by: "Ana", reason: "wrong bill" } }))
let movement: components["schemas"]["Movement"] | undefined = voided.movement
while (movement?.state === "waiting" || movement?.state === "unsure") {
  await new Promise((done) => setTimeout(done, 100))
  movement = answer(await posd.GET("/v1/sales/{id}", { params: { path } })).refunds[0]
}
console.log(`void ${movement?.state} ${movement?.amount}`)

const list = answer(await posd.GET("/v1/sales", { params: { query: { reference: "TS-1", state: "paid" } } }))
console.log(`listed ${list.length}`)

const { error } = await posd.GET("/v1/sales/{id}", { params: { path: { id: "01NOBODYEVERMADETHISSALE00" } } })
console.log(`refused ${error?.type} ${error?.status}`)
