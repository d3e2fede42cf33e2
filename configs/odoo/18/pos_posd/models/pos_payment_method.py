from odoo import api, fields, models


class PosPaymentMethod(models.Model):
    _inherit = "pos.payment.method"

    posd_url = fields.Char("Address of posd", help="Where the browsers of the registers reach posd")
    posd_token = fields.Char("Token of posd", help="Made by posd token create, with the scopes sell and refund")

    def _get_payment_terminal_selection(self):
        return super()._get_payment_terminal_selection() + [("posd", "posd")]

    @api.model
    def _load_pos_data_fields(self, config_id):
        return super()._load_pos_data_fields(config_id) + ["posd_url", "posd_token"]
