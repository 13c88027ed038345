//! A reader of settlement files as a partner would write it from `docs/settlement-file.md` alone: it shares no code
//! with the product. A file that is not of that form is a panic.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a bad file ends the test")]

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementFile {
    /// The fields of FH.
    pub header: Vec<String>,
    /// The batches in their order.
    pub batches: Vec<Batch>,
    /// The fields of FT.
    pub trailer: Vec<String>,
}

/// A batch. Amounts of lines and trailer are as who pays sees them; `records` has them as they are stated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The partner's code.
    pub partner: String,
    /// Who pays.
    pub direction: String,
    /// In which direction the file states the amounts.
    pub stated: String,
    /// What is priced.
    pub items: Vec<String>,
    /// TX and AJ, in their order.
    pub lines: Vec<Line>,
    /// The amount of RD, 0 without one.
    pub rounding: i64,
    /// The amount of VD, 0 without one.
    pub document_vat: i64,
    /// Of BT: lines, quantities, net, tax, rounding, to pay.
    pub trailer: Vec<i64>,
    /// The records as they stand, BH and BT included.
    pub records: Vec<String>,
}

/// A TX or AJ record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its id.
    pub id: String,
    /// The message key.
    pub message: String,
    /// The purchase key.
    pub purchase: String,
    /// `purchase`, `refund` or `reversal`; `adjustment` of AJ.
    pub kind: String,
    /// The message type.
    pub mti: String,
    /// DE37.
    pub retrieval: String,
    /// DE11.
    pub stan: String,
    /// The acquirer reference number.
    pub arn: String,
    /// The member number.
    pub member: String,
    /// The local date.
    pub local_date: String,
    /// The counted amount.
    pub counted: i64,
    /// By how many days it is late; 0 of AJ.
    pub late_days: i64,
    /// Quantity, net and tax of each item.
    pub items: Vec<[i64; 3]>,
    /// The line total.
    pub total: i64,
}

impl SettlementFile {
    /// Reads a file.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut file = Self { header: Vec::new(), batches: Vec::new(), trailer: Vec::new() };
        for record in text.lines() {
            let fields: Vec<&str> = record.split('|').collect();
            let owned = || fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>();
            match fields[0] {
                "FH" => file.header = owned(),
                "FT" => file.trailer = owned(),
                "BH" => file.batches.push(Batch::begin(&fields)),
                _ => file.batches.last_mut().unwrap().take(&fields),
            }
            if fields[0].starts_with('F') {
                continue;
            }
            file.batches.last_mut().unwrap().records.push(record.to_owned());
        }
        file
    }

    /// The batch of a partner.
    #[must_use]
    pub fn batch(&self, partner: &str) -> &Batch {
        let mut found = self.batches.iter().filter(|batch| batch.partner == partner);
        match (found.next(), found.next()) {
            (Some(batch), None) => batch,
            _ => panic!("not exactly one batch of {partner}"),
        }
    }
}

impl Batch {
    fn begin(fields: &[&str]) -> Self {
        Self {
            partner: fields[1].to_owned(),
            direction: String::new(),
            stated: fields[5].to_owned(),
            items: fields[12].split(',').map(str::to_owned).collect(),
            lines: Vec::new(),
            rounding: 0,
            document_vat: 0,
            trailer: Vec::new(),
            records: Vec::new(),
        }
    }

    fn take(&mut self, fields: &[&str]) {
        match fields[0] {
            "TX" | "AJ" => {
                let line = Line::parse(fields);
                assert_eq!(line.items.len(), self.items.len(), "{}", line.id);
                self.lines.push(line);
            }
            "RD" => self.rounding = number(fields[2]),
            "VD" => self.document_vat = number(fields[2]),
            "BT" => self.close(fields),
            other => panic!("a record of type {other}"),
        }
    }

    fn close(&mut self, fields: &[&str]) {
        let last = fields.len() - 1;
        self.direction = fields[last - 1].to_owned();
        let sign = if self.direction == self.stated { 1 } else { -1 };
        let numbers: Vec<i64> = fields[1..last - 1].iter().copied().map(number).collect();
        let [transactions, adjustments, _charges] = numbers[..3] else { panic!("{fields:?}") };
        let (quantities, sums) = numbers[3..].split_at(self.items.len());
        let [_debits, _credits, net, vat, rounding, _closing] = sums[..] else { panic!("{fields:?}") };
        self.trailer = vec![transactions + adjustments];
        self.trailer.extend(quantities);
        self.trailer.extend([sign * net, sign * vat, sign * rounding, number(fields[last])]);
        self.rounding *= sign;
        self.document_vat *= sign;
        for line in &mut self.lines {
            line.total *= sign;
            for [_, net, vat] in &mut line.items {
                *net *= sign;
                *vat *= sign;
            }
        }
    }

    /// The last field of BT.
    #[must_use]
    pub fn to_pay(&self) -> i64 {
        *self.trailer.last().unwrap()
    }

    /// To pay, positive if the bank pays.
    #[must_use]
    pub fn bank_pays(&self) -> i64 {
        self.sign() * self.to_pay()
    }

    /// 1 if the bank pays the batch, -1 if the partner does.
    #[must_use]
    pub fn sign(&self) -> i64 {
        match self.direction.as_str() {
            "bank_pays_partner" => 1,
            "partner_pays_bank" => -1,
            other => panic!("a direction {other}"),
        }
    }
}

impl Line {
    fn parse(fields: &[&str]) -> Self {
        // AJ has one field more before the references, and no late days after them.
        let adjusts = fields[0] == "AJ";
        let more = usize::from(adjusts);
        let reference = |place: usize| fields[place + more].to_owned();
        let (items, total) = fields[20..].split_at(fields.len() - 21);
        let numbers: Vec<i64> = items.iter().copied().map(number).collect();
        let (triples, rest) = numbers.as_chunks::<3>();
        assert!(rest.is_empty(), "three fields for each item");
        Self {
            id: fields[1].to_owned(),
            kind: if adjusts { "adjustment".to_owned() } else { fields[2].to_owned() },
            message: reference(3),
            purchase: reference(4),
            mti: reference(5),
            retrieval: reference(6),
            stan: reference(8),
            arn: reference(10),
            member: reference(15),
            local_date: reference(16),
            counted: number(fields[18 + more]),
            late_days: if adjusts { 0 } else { number(fields[19]) },
            items: triples.to_vec(),
            total: number(total[0]),
        }
    }
}

fn number(text: &str) -> i64 {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}
