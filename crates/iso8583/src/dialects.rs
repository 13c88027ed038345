//! The dialects that are built in.

use crate::{
    dialect::Dialect,
    field_spec::{
        Content::{HexBinary, Numeric, SignedNumeric, Text, Track},
        FieldSpec,
        Length::{self, Fixed, Variable},
        Shown::{self, Open, Pan, Private, Secret},
    },
};

/// ISO 8583:1987 as plain text: ASCII digits, expanding hexadecimal bitmaps, ASCII values, binary data as
/// hexadecimal text.
#[must_use]
pub fn iso87_ascii() -> &'static Dialect {
    &ISO87_ASCII
}

static ISO87_ASCII: Dialect = Dialect::new("iso87-ascii", iso87_ascii_fields());

const fn numeric(name: &'static str, digits: u16) -> Option<FieldSpec> {
    Some(FieldSpec::new(name, Fixed(digits), Numeric, Open))
}

const fn signed(name: &'static str, characters: u16) -> Option<FieldSpec> {
    Some(FieldSpec::new(name, Fixed(characters), SignedNumeric, Open))
}

const fn hexadecimal(name: &'static str, digits: u16, shown: Shown) -> Option<FieldSpec> {
    Some(FieldSpec::new(name, Fixed(digits), HexBinary, shown))
}

const fn text(name: &'static str, characters: u16, shown: Shown) -> Option<FieldSpec> {
    Some(FieldSpec::new(name, Fixed(characters), Text, shown))
}

const fn ll_numeric(name: &'static str, max: u16, shown: Shown) -> Option<FieldSpec> {
    Some(FieldSpec::new(name, ll(max), Numeric, shown))
}

const fn ll_text(name: &'static str, max: u16, shown: Shown) -> Option<FieldSpec> {
    Some(FieldSpec::new(name, ll(max), Text, shown))
}

const fn lll_text(name: &'static str, max: u16, shown: Shown) -> Option<FieldSpec> {
    Some(FieldSpec::new(name, Variable { digits: 3, max }, Text, shown))
}

const fn ll(max: u16) -> Length {
    Variable { digits: 2, max }
}

const fn iso87_ascii_fields() -> [Option<FieldSpec>; 129] {
    let mut de = [None; 129];
    de[2] = ll_numeric("primary account number", 19, Pan);
    de[3] = numeric("processing code", 6);
    de[4] = numeric("amount, transaction", 12);
    de[5] = numeric("amount, settlement", 12);
    de[6] = numeric("amount, cardholder billing", 12);
    de[7] = numeric("transmission date and time", 10);
    de[8] = numeric("amount, cardholder billing fee", 8);
    de[9] = numeric("conversion rate, settlement", 8);
    de[10] = numeric("conversion rate, cardholder billing", 8);
    de[11] = numeric("system trace audit number", 6);
    de[12] = numeric("local transaction time", 6);
    de[13] = numeric("local transaction date", 4);
    de[14] = Some(FieldSpec::new("expiration date", Fixed(4), Numeric, Secret));
    de[15] = numeric("settlement date", 4);
    de[16] = numeric("conversion date", 4);
    de[17] = numeric("capture date", 4);
    de[18] = numeric("merchant type", 4);
    de[19] = numeric("acquirer country", 3);
    de[20] = numeric("account country", 3);
    de[21] = numeric("forwarder country", 3);
    de[22] = numeric("entry mode", 3);
    de[23] = numeric("card sequence number", 3);
    de[24] = numeric("network international identifier", 3);
    de[25] = numeric("point of service condition", 2);
    de[26] = numeric("PIN capture code", 2);
    de[27] = numeric("authorization code length", 1);
    de[28] = signed("amount, transaction fee", 9);
    de[29] = signed("amount, settlement fee", 9);
    de[30] = signed("amount, processing fee", 9);
    de[31] = signed("amount, settlement processing fee", 9);
    de[32] = ll_numeric("acquirer", 11, Open);
    de[33] = ll_numeric("forwarder", 11, Open);
    de[34] = ll_text("primary account number, extended", 28, Pan);
    de[35] = Some(FieldSpec::new("track 2", ll(37), Track, Secret));
    de[36] = lll_text("track 3", 104, Secret);
    de[37] = text("retrieval reference number", 12, Open);
    de[38] = text("authorization code", 6, Open);
    de[39] = text("response code", 2, Open);
    de[40] = text("service restriction code", 3, Open);
    de[41] = text("terminal", 8, Open);
    de[42] = text("merchant", 15, Open);
    de[43] = text("merchant name and place", 40, Private);
    de[44] = ll_text("additional response data", 25, Private);
    de[45] = ll_text("track 1", 76, Secret);
    de[46] = lll_text("additional data, ISO", 999, Private);
    de[47] = lll_text("additional data, national", 999, Private);
    de[48] = lll_text("additional data, private", 999, Private);
    de[49] = text("currency, transaction", 3, Open);
    de[50] = text("currency, settlement", 3, Open);
    de[51] = text("currency, cardholder billing", 3, Open);
    de[52] = hexadecimal("PIN data", 16, Secret);
    de[53] = Some(FieldSpec::new("security control information", Fixed(16), Numeric, Secret));
    de[54] = lll_text("additional amounts", 120, Private);
    de[55] = lll_text("chip data", 999, Secret);
    de[56] = lll_text("reserved, ISO", 999, Private);
    de[57] = lll_text("reserved, national", 999, Private);
    de[58] = lll_text("reserved, national", 999, Private);
    de[59] = lll_text("reserved, national", 999, Private);
    de[60] = lll_text("reserved, private", 999, Private);
    de[61] = lll_text("reserved, private", 999, Private);
    de[62] = lll_text("reserved, private", 999, Private);
    de[63] = lll_text("reserved, private", 999, Private);
    de[64] = hexadecimal("message authentication code", 16, Secret);
    de[65] = hexadecimal("extended bitmap", 2, Open);
    de[66] = numeric("settlement code", 1);
    de[67] = numeric("extended payment code", 2);
    de[68] = numeric("receiver country", 3);
    de[69] = numeric("settlement institution country", 3);
    de[70] = numeric("network management code", 3);
    de[71] = numeric("message number", 4);
    de[72] = numeric("message number, last", 4);
    de[73] = numeric("action date", 6);
    de[74] = numeric("credits, number", 10);
    de[75] = numeric("credits, reversal number", 10);
    de[76] = numeric("debits, number", 10);
    de[77] = numeric("debits, reversal number", 10);
    de[78] = numeric("transfers, number", 10);
    de[79] = numeric("transfers, reversal number", 10);
    de[80] = numeric("inquiries, number", 10);
    de[81] = numeric("authorizations, number", 10);
    de[82] = numeric("credits, processing fee", 12);
    de[83] = numeric("credits, transaction fee", 12);
    de[84] = numeric("debits, processing fee", 12);
    de[85] = numeric("debits, transaction fee", 12);
    de[86] = numeric("credits, amount", 16);
    de[87] = numeric("credits, reversal amount", 16);
    de[88] = numeric("debits, amount", 16);
    de[89] = numeric("debits, reversal amount", 16);
    de[90] = numeric("original data elements", 42);
    de[91] = text("file update code", 1, Open);
    de[92] = numeric("file security code", 2);
    de[93] = numeric("response indicator", 6);
    de[94] = text("service indicator", 7, Open);
    de[95] = text("replacement amounts", 42, Open);
    de[96] = hexadecimal("message security code", 32, Secret);
    de[97] = signed("amount, net settlement", 17);
    de[98] = text("payee", 25, Private);
    de[99] = ll_numeric("settlement institution", 11, Open);
    de[100] = ll_numeric("receiver", 11, Open);
    de[101] = ll_text("file name", 17, Private);
    de[102] = ll_text("account 1", 28, Pan);
    de[103] = ll_text("account 2", 28, Pan);
    de[104] = lll_text("transaction description", 100, Private);
    de[105] = lll_text("reserved, ISO", 999, Private);
    de[106] = lll_text("reserved, ISO", 999, Private);
    de[107] = lll_text("reserved, ISO", 999, Private);
    de[108] = lll_text("reserved, ISO", 999, Private);
    de[109] = lll_text("reserved, ISO", 999, Private);
    de[110] = lll_text("reserved, ISO", 999, Private);
    de[111] = lll_text("reserved, ISO", 999, Private);
    de[112] = lll_text("reserved, national", 999, Private);
    de[113] = lll_text("reserved, national", 999, Private);
    de[114] = lll_text("reserved, national", 999, Private);
    de[115] = lll_text("reserved, national", 999, Private);
    de[116] = lll_text("reserved, national", 999, Private);
    de[117] = lll_text("reserved, national", 999, Private);
    de[118] = lll_text("reserved, national", 999, Private);
    de[119] = lll_text("reserved, national", 999, Private);
    de[120] = lll_text("reserved, private", 999, Private);
    de[121] = lll_text("reserved, private", 999, Private);
    de[122] = lll_text("reserved, private", 999, Private);
    de[123] = lll_text("reserved, private", 999, Private);
    de[124] = lll_text("reserved, private", 999, Private);
    de[125] = lll_text("reserved, private", 999, Private);
    de[126] = lll_text("reserved, private", 999, Secret);
    de[127] = lll_text("reserved, private", 999, Private);
    de[128] = hexadecimal("message authentication code 2", 16, Secret);
    de
}
