/** @odoo-module **/

// What a payment line asks of posd, and how it hears of the end. Nothing in here is
// Odoo's: each version of it has a payment.js of its own.

const RETRY_MS = 1000;
const WAIT = "30s";

/** A refusal of posd's, with words for the cashier: nothing was begun. */
export class PosdRefusal extends Error {}

export class Posd {
    constructor(url, token, fetcher = (...a) => fetch(...a), pause = (ms) => new Promise((r) => setTimeout(r, ms))) {
        Object.assign(this, { url: url.replace(/\/+$/, ""), token, fetcher, pause });
    }

    /** One request. A network error is thrown as it is: what became of it is not known. */
    async ask(method, path, body, key) {
        const headers = {};
        if (body) headers["Content-Type"] = "application/json";
        if (this.token) headers.Authorization = "Bearer " + this.token;
        if (key) headers["Idempotency-Key"] = key;
        const answer = await this.fetcher(this.url + path, { method, headers, body: body && JSON.stringify(body) });
        const said = await answer.json();
        if (answer.ok) return { status: answer.status, said };
        if (answer.status === 429 || answer.status >= 500) throw new Error(said.detail || "posd is busy");
        const refusal = new PosdRefusal(said.detail || said.title);
        refusal.type = said.type;
        throw refusal;
    }

    /** A request that is repeated until it is answered: its key makes it one. */
    async surely(tell, method, path, body, key) {
        for (;;) {
            try {
                return await this.ask(method, path, body, key);
            } catch (e) {
                if (e instanceof PosdRefusal) throw e;
                tell("posd does not answer: it is asked again, do not charge anew");
                await this.pause(RETRY_MS);
            }
        }
    }

    /**
     * Pays a line. keyOf makes the key of a try: the same line and try is the same
     * payment, also after the page was loaded again; what an earlier try ended
     * without money is tried anew. begun hears of the sale's id.
     */
    async pay(cents, reference, keyOf, begun, tell) {
        for (let n = 1; ; n++) {
            const { status, said } = await this.surely(tell, "POST", "/v1/sales", { amount: cents, method: "card", reference }, keyOf(n));
            begun(said.id);
            if (status === 200 && (said.state === "declined" || said.state === "cancelled")) continue;
            return this.end(said, tell);
        }
    }

    /** Waits until a sale has ended; what nobody can tell yet has not. */
    async end(sale, tell) {
        while (!["paid", "declined", "cancelled"].includes(sale.state)) {
            if (sale.state === "unsure") tell(sale.attention || "posd cannot tell yet whether it is paid, and is asking: do not charge again");
            sale = (await this.surely(tell, "GET", `/v1/sales/${sale.id}?wait=${WAIT}`)).said;
        }
        return sale;
    }

    /** Wishes a sale cancelled; how it ends is the sale's own word. */
    async cancel(id, tell) {
        let sale;
        try {
            sale = (await this.surely(tell, "POST", `/v1/sales/${id}/cancel`)).said;
        } catch (e) {
            if (!(e instanceof PosdRefusal)) throw e;
            sale = (await this.surely(tell, "GET", `/v1/sales/${id}`)).said; // it has ended meanwhile
        }
        return this.end(sale, tell);
    }

    /** Gives a paid sale back: by a void while the terminal's batch is open, else by a refund. */
    async undo(id, by, keyOf, tell) {
        for (const how of ["void", "refund"]) {
            let movement;
            try {
                movement = (await this.surely(tell, "POST", `/v1/sales/${id}/${how}`, { by, reason: "taken back at the register" }, keyOf(how))).said.movement;
            } catch (e) {
                if (e instanceof PosdRefusal && how === "void") continue;
                throw e;
            }
            while (["waiting", "unsure"].includes(movement.state)) {
                await this.pause(RETRY_MS);
                const sale = (await this.surely(tell, "GET", `/v1/sales/${id}`)).said;
                movement = sale.refunds.find((m) => m.id === movement.id);
            }
            if (movement.state === "done") return true;
            if (how === "refund") return false;
        }
    }
}

/** Fills a payment line from a paid sale. */
export function fill(line, sale) {
    line.transaction_id = sale.id;
    line.card_type = sale.card?.type || sale.method;
    const receipt = [sale.card?.label || sale.card?.type, sale.card?.number, sale.card?.authCode].filter(Boolean).join(" ");
    if (receipt && line.set_receipt_info) line.set_receipt_info(receipt);
}

/** What payment.js of every version does with a line; host is what differs. */
export class Line {
    constructor(method, host, posd = new Posd(method.posd_url, method.posd_token)) {
        Object.assign(this, { host, posd, sale: {} });
    }

    async pay(order, line) {
        const cents = Math.round(line.amount * 100);
        if (cents <= 0) {
            this.host.alert("Give money back on posd's page, or take the payment back in its order.");
            return false;
        }
        const id = this.host.idOf(line);
        const tell = (words) => this.host.status(line, words);
        try {
            const keyOf = (n) => `odoo/${order}/${id}/${cents}/${n}`;
            const sale = await this.posd.pay(cents, undefined, keyOf, (s) => (this.sale[id] = s), tell);
            if (sale.state === "paid" && !sale.due) {
                fill(line, sale);
                return true;
            }
            this.host.alert(sale.due ? "Only a part is paid: see posd's page before charging again." : `Not paid: ${sale.words || sale.state}`);
        } catch (e) {
            this.host.alert(e.message);
        }
        return false;
    }

    /** Resolves true once it is certain that the line takes no money. */
    async cancel(line) {
        const id = this.sale[this.host.idOf(line)];
        if (!id) return true;
        const sale = await this.posd.cancel(id, (words) => this.host.status(line, words));
        return sale.state !== "paid";
    }

    async undo(line, by) {
        try {
            const done = await this.posd.undo(line.transaction_id, by || "Odoo", (how) => `odoo/${line.transaction_id}/${how}`, (words) => this.host.status(line, words));
            if (!done) this.host.alert("The money was not given back: see posd's page.");
            return done;
        } catch (e) {
            this.host.alert(e.message);
            return false;
        }
    }
}
