{
    "name": "posd payments",
    "version": "16.0.1.0.0",
    "category": "Sales/Point of Sale",
    "summary": "Card payments by posd, the daemon on the counter's box",
    "license": "LGPL-3",
    "depends": ["point_of_sale"],
    "data": ["views/pos_payment_method.xml"],
    "assets": {"point_of_sale.assets": ["pos_posd/static/src/client.js", "pos_posd/static/src/payment.js"]},
}
