/** @odoo-module **/

import { PaymentInterface } from "@point_of_sale/app/payment/payment_interface";
import { register_payment_method } from "@point_of_sale/app/store/pos_store";
import { AlertDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { Line } from "@pos_posd/client";

export class PaymentPosd extends PaymentInterface {
    setup(pos, method) {
        super.setup(...arguments);
        this.enable_reversals();
        this.posd = new Line(method, {
            idOf: (line) => line.uuid,
            alert: (body) => this.env.services.dialog.add(AlertDialog, { title: "posd", body }),
            status: (line, words) => console.info("posd:", words),
        });
    }

    send_payment_request() {
        super.send_payment_request(...arguments);
        const order = this.pos.get_order();
        return this.posd.pay(order.uuid, order.get_selected_paymentline());
    }

    send_payment_cancel(order) {
        super.send_payment_cancel(...arguments);
        return this.posd.cancel(order.get_selected_paymentline());
    }

    send_payment_reversal() {
        super.send_payment_reversal(...arguments);
        const order = this.pos.get_order();
        return this.posd.undo(order.get_selected_paymentline(), this.pos.get_cashier()?.name);
    }
}

register_payment_method("posd", PaymentPosd);
