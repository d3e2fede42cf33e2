/** @odoo-module **/

import PaymentInterface from "point_of_sale.PaymentInterface";
import { Gui } from "point_of_sale.Gui";
import { register_payment_method } from "point_of_sale.models";
import { Line } from "@pos_posd/client";

const PaymentPosd = PaymentInterface.extend({
    init: function (pos, method) {
        this._super.apply(this, arguments);
        this.enable_reversals();
        this.posd = new Line(method, {
            idOf: (line) => line.cid, // begins anew in each session: the order's uid stands beside it
            alert: (body) => Gui.showPopup("ErrorPopup", { title: "posd", body }),
            status: (line, words) => console.info("posd:", words),
        });
    },
    send_payment_request: function () {
        this._super.apply(this, arguments);
        const order = this.pos.get_order();
        return this.posd.pay(order.uid, order.selected_paymentline);
    },
    send_payment_cancel: function (order) {
        this._super.apply(this, arguments);
        return this.posd.cancel(order.selected_paymentline);
    },
    send_payment_reversal: function () {
        this._super.apply(this, arguments);
        return this.posd.undo(this.pos.get_order().selected_paymentline, this.pos.get_cashier()?.name);
    },
});

register_payment_method("posd", PaymentPosd);
