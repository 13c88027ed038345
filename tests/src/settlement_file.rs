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

/// A batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The partner's code.
    pub partner: String,
    /// Who pays.
    pub direction: String,
    /// What is priced.
    pub items: Vec<String>,
    /// TX, in their order.
    pub lines: Vec<Line>,
    /// The amount of RD, 0 without one.
    pub rounding: i64,
    /// The amount of VD, 0 without one.
    pub document_vat: i64,
    /// The numbers of BT: transactions, quantities, net, tax, rounding, to pay.
    pub trailer: Vec<i64>,
    /// The records as they stand, BH and BT included.
    pub records: Vec<String>,
}

/// A TX record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its id.
    pub id: String,
    /// The message key.
    pub message: String,
    /// The purchase key.
    pub purchase: String,
    /// `purchase`, `refund` or `reversal`.
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
            direction: fields[5].to_owned(),
            items: fields[8].split(',').map(str::to_owned).collect(),
            lines: Vec::new(),
            rounding: 0,
            document_vat: 0,
            trailer: Vec::new(),
            records: Vec::new(),
        }
    }

    fn take(&mut self, fields: &[&str]) {
        match fields[0] {
            "TX" => {
                let line = Line::parse(fields);
                assert_eq!(line.items.len(), self.items.len(), "{}", line.id);
                self.lines.push(line);
            }
            "RD" => self.rounding = number(fields[2]),
            "VD" => self.document_vat = number(fields[2]),
            "BT" => self.trailer = fields[1..].iter().copied().map(number).collect(),
            other => panic!("a record of type {other}"),
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
        let text = |place: usize| fields[place - 1].to_owned();
        let (items, total) = fields[18..].split_at(fields.len() - 19);
        let numbers: Vec<i64> = items.iter().copied().map(number).collect();
        let (triples, rest) = numbers.as_chunks::<3>();
        assert!(rest.is_empty(), "three fields for each item");
        Self {
            id: text(2),
            message: text(3),
            purchase: text(4),
            kind: text(5),
            mti: text(6),
            retrieval: text(7),
            stan: text(9),
            arn: text(11),
            member: text(15),
            local_date: text(16),
            counted: number(fields[17]),
            items: triples.to_vec(),
            total: number(total[0]),
        }
    }
}

fn number(text: &str) -> i64 {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}
