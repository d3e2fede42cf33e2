package iotpay_test

import (
	"fmt"

	"posd/device/sale"
	"posd/sync/iotpay"
)

// What the gateway's online checker does: read an object, show the text that is
// signed, and say what its signature proves.
func ExampleVerify() {
	const key sale.Secret = "k"
	answer, err := iotpay.ParseObject([]byte(`{"c":"cat","a":"apple","b":"boat","d":"","sign":"E454E23A23BB2EF31D0EE0911F05BB88"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answer.SignedText())
	fmt.Println(iotpay.Verify(answer, key))
	fmt.Println(iotpay.Verify(answer, "another key"))
	// Output:
	// a=apple&b=boat&c=cat
	// genuine
	// signature wrong
}

// An order that the gateway would refuse is not sent, and every fault is named.
func ExampleOrder_Validate() {
	o := iotpay.Order{No: "A1", Channel: iotpay.AlipayWAP, Amount: 2865, Currency: "EUR", JobNo: "till1", ClientIP: "192.168.1.20",
		NotifyURL: "http://localhost", Subject: "Tea", Body: "Two cups", ReturnURL: "https://shop.example/done"}
	fmt.Println(o.Validate())
	// Output:
	// osType: missing, ALIPAY_WAP needs it
	// currency: "EUR" is not taken by ALIPAY_WAP: use one of [CAD USD CNY]
}
