//! An example of everything that operations take and give; a test reads each as its type.

pub(super) const DAYS: &str = r#"{
    "days": [{ "date": "2026-10-10", "cycle": null, "state": "published", "files": 2, "published": 2 }],
    "next": "gegbhjhdakdh"
}"#;

pub(super) const DAY: &str = r#"{
    "program": "boreal-gold", "bank": "northbank", "date": "2026-10-10", "time_zone": "Europe/Moscow", "cut_off": "00:00",
    "cycle": null, "cycles": 1, "state": "published", "counted": true, "counted_at": "2026-10-10T21:05:00Z",
    "arrivals": [
        { "mti": "0220", "messages": 7, "matched": 7, "counted": { "minor": 1645740, "currency": "RUB" } }
    ],
    "of_no_member": 1, "quarantined": 0,
    "positions": [{
        "partner": "airboreal", "direction": "bank_pays_partner", "lines": 7, "miles": 1645,
        "net": { "minor": 82250, "currency": "RUB" }, "vat": { "minor": 16450, "currency": "RUB" },
        "to_pay": { "minor": 98700, "currency": "RUB" }
    }],
    "files": [{
        "receiver": "airboreal", "file": "airboreal_boreal-gold_000001.cbs", "sequence": 1, "revision": 0,
        "sha256": "0f343b0931126a20f133d67c2b018a3b0f343b0931126a20f133d67c2b018a3b", "records": 12,
        "found": "verified", "reason": null
    }],
    "tie_out": [{
        "partner": "airboreal", "measure": "miles",
        "transactions": { "state": "is", "amount": 1645, "stated": {} },
        "ledger": { "state": "is", "amount": 1645, "stated": {} },
        "files": { "state": "is", "amount": 1645, "stated": {} },
        "difference": { "unit": "MILES", "amount": 0 }, "verdict": "ties"
    }],
    "ties": true
}"#;

pub(super) const DAY_FILES: &str = r#"{
    "files": [{
        "receiver": "airboreal", "file": "airboreal_boreal-gold_000001.cbs", "sequence": 1, "revision": 0,
        "sha256": "0f343b0931126a20f133d67c2b018a3b0f343b0931126a20f133d67c2b018a3b", "records": 12,
        "found": "altered", "reason": null
    }]
}"#;

pub(super) const TRANSACTIONS: &str = r#"{
    "transactions": [{
        "key": "000000006ac9f3a0abababababababababababababababab", "bucket": 7, "mti": "0220",
        "received_at": "2026-10-10T09:14:05Z", "retrieval": "628312000017", "last4": "0000",
        "amount": { "minor": 100000, "currency": "RUB" }, "counted": { "minor": 100000, "currency": "RUB" },
        "status": "booked", "reason": "granted", "purchase": "000000006ac9f3a0abababababababababababababababab"
    }],
    "next": null
}"#;

pub(super) const TRANSACTION: &str = r#"{
    "transactions": [{
        "listed": {
            "key": "000000006ac9f3a0abababababababababababababababab", "bucket": 7, "mti": "0220",
            "received_at": "2026-10-10T09:14:05Z", "retrieval": "628312000017", "last4": "0000",
            "amount": { "minor": 100000, "currency": "RUB" }, "counted": { "minor": 100000, "currency": "RUB" },
            "status": "booked", "reason": "granted", "purchase": "000000006ac9f3a0abababababababababababababababab"
        },
        "program": "boreal-gold", "bank": "northbank", "source": "online", "business_date": "2026-10-10",
        "bank_date": "2026-10-10", "local_time": "2026-10-10T12:14:05", "stan": "000053", "transmitted": "1010091405",
        "approval": "A1B2C3", "arn": "", "acquirer": "400001", "card_acceptor": "KOSTA0000000001",
        "terminal": "TERM0001", "mcc": "5814",
        "base_miles": { "unit": "MILES", "amount": 10 }, "bonus_miles": { "unit": "MILES", "amount": 0 },
        "transfers": [{ "leg": 0, "phase": "posted", "item": "base", "amount": 10 }],
        "explanation": "/api/v1/transactions/000000006ac9f3a0abababababababababababababababab/explanation"
    }]
}"#;

pub(super) const EXPLANATION: &str = r#"{
    "messages": [{
        "key": "000000006ac9f3a0abababababababababababababababab", "mti": "0220", "amount_minor": 100000, "currency": 643,
        "result": { "status": "booked", "reason": "granted", "base_miles": 10, "bonus_miles": 0, "discount_minor": 0 },
        "steps": [{
            "rule": "base", "verdict": "applied", "reason": "base_rate",
            "words": { "en": "base miles by the program's rate", "ru": "базовые мили по ставке программы" }, "values": []
        }],
        "transfers": [{ "item": "base", "phase": "posted", "amount": 10 }]
    }]
}"#;

pub(super) const APPROVALS: &str = r#"{
    "approvals": [{
        "kind": "program_version", "id": 3, "about": "boreal-gold", "program": "boreal-gold", "by": "ann",
        "at": "2026-10-10T09:00:00Z", "reason": "more miles on weekends", "yours": true
    }],
    "all": 1
}"#;

pub(super) const PARTNERS: &str = r#"{
    "partners": [{ "partner": "airboreal", "last_sequence": 1, "ways": 2, "ways_down": 0, "overdue": 0, "breaks": 3 }]
}"#;

pub(super) const STATEMENT: &str = r#"{
    "partner": "airboreal", "from": "2026-10-01", "until": "2026-10-31",
    "lines": [{
        "program": "boreal-gold", "business_date": "2026-10-10", "lines": 7, "miles": 1645,
        "opening": { "minor": 0, "currency": "RUB" }, "net": { "minor": -82250, "currency": "RUB" },
        "adjusted": { "minor": 0, "currency": "RUB" }, "vat": { "minor": -16450, "currency": "RUB" },
        "paid": { "minor": -98700, "currency": "RUB" }, "closing": { "minor": 0, "currency": "RUB" },
        "difference": { "minor": 0, "currency": "RUB" }
    }]
}"#;

pub(super) const HEALTH: &str = r#"{
    "program": "boreal-gold",
    "counted": {
        "business_date": "2026-10-10", "at": "2026-10-10T21:05:00Z", "members": 7, "active_members": 6,
        "liability_miles": 1645
    },
    "lots": [{ "granted": "2026-10-01", "expires": "2029-10-01", "miles": 1645 }],
    "totals": [{ "business_date": "2026-10-10", "side": "given", "subject": "base", "amount": 1645 }]
}"#;

pub(super) const LINKS: &str = r#"{
    "since": "2026-10-09T09:00:00Z", "minutes": 30, "bounds_ms": [1, 2, 5, 10, 20, 50, 100, 200, 300, 500],
    "spans": [{
        "link": "northbank", "begin": "2026-10-10T08:30:00Z", "connections": 2, "messages": 1800,
        "answers": [0, 900, 800, 90, 10, 0, 0, 0, 0, 0, 0]
    }]
}"#;

pub(super) const PARTNER_FILES: &str = r#"{
    "files": [{
        "file": "airboreal_boreal-gold_000001.cbs", "program": "boreal-gold", "business_date": "2026-10-10", "sequence": 1,
        "revision": 0, "sha256": "0f343b0931126a20f133d67c2b018a3b0f343b0931126a20f133d67c2b018a3b", "records": 12
    }],
    "next": null
}"#;

pub(super) const PROGRAMS: &str = r#"{
    "programs": [{
        "program": "boreal-gold", "bank": "northbank", "currency": "RUB", "time_zone": "Europe/Moscow",
        "cut_offs": ["00:00"], "running": "0707070707070707070707070707070707070707070707070707070707070707",
        "scheduled": null, "waiting": [3]
    }]
}"#;

pub(super) const VERSIONS: &str = r#"{
    "versions": [{
        "version": "0707070707070707070707070707070707070707070707070707070707070707",
        "since": "2026-10-09T21:00:00Z", "proposal": null
    }]
}"#;

pub(super) const VERSION: &str = r#"{
    "version": "0707070707070707070707070707070707070707070707070707070707070707",
    "text": "[program]\ncode = \"boreal-gold\"\n", "compared": null
}"#;

pub(super) const PROPOSALS: &str = r#"{
    "proposals": [{
        "id": 3, "program": "boreal-gold",
        "version": "0808080808080808080808080808080808080808080808080808080808080808",
        "against": "0707070707070707070707070707070707070707070707070707070707070707",
        "by": "ann", "at": "2026-10-10T09:00:00Z", "comment": "more miles on weekends", "wanted": "cut-off",
        "state": "scheduled", "approvable": true,
        "decision": {
            "by": "bob", "at": "2026-10-10T10:00:00Z", "reason": "as agreed", "effective_at": "2026-10-10T21:00:00Z"
        },
        "withdrawal": null
    }]
}"#;

pub(super) const PROPOSAL: &str = r#"{
    "proposal": {
        "id": 3, "program": "boreal-gold",
        "version": "0808080808080808080808080808080808080808080808080808080808080808",
        "against": "0707070707070707070707070707070707070707070707070707070707070707",
        "by": "ann", "at": "2026-10-10T09:00:00Z", "comment": "more miles on weekends", "wanted": "now",
        "state": "proposed", "approvable": true, "decision": null, "withdrawal": null
    },
    "text": "[program]\ncode = \"boreal-gold\"\n", "assessment": { "changes": [], "tests": [] }, "backtest": null
}"#;

pub(super) const NEW_VERSION: &str = r#"{
    "text": "[program]\ncode = \"boreal-gold\"\n", "comment": "more miles on weekends", "wanted": "cut-off",
    "backtest": null
}"#;

pub(super) const NUMBERED: &str = r#"{ "id": 3 }"#;

pub(super) const VERDICT: &str = r#"{ "verdict": "approved", "reason": "as agreed" }"#;

pub(super) const DECIDED: &str =
    r#"{ "id": 3, "verdict": "approved", "effective_at": "2026-10-10T21:00:00Z" }"#;

pub(super) const TAKEN_BACK: &str = r#"{ "reason": "there is a better one" }"#;

pub(super) const WITHDRAWN: &str = r#"{ "id": 3, "verdict": "withdrawn", "effective_at": null }"#;

pub(super) const REFUNDS: &str = r#"{
    "refunds": [{
        "bucket": 7, "key": "000000006ac9f3a0abababababababababababababababab", "received_at": "2026-10-10T09:14:05Z",
        "amount": { "minor": 50000, "currency": "RUB" }, "card_acceptor": "KOSTA0000000001", "last4": "0000",
        "verdict": "ambiguous", "likely": 2, "decided": false
    }],
    "next": null
}"#;

pub(super) const REFUND: &str = r#"{
    "refund": {
        "bucket": 7, "key": "000000006ac9f3a0abababababababababababababababab", "received_at": "2026-10-10T09:14:05Z",
        "amount": { "minor": 50000, "currency": "RUB" }, "card_acceptor": "KOSTA0000000001", "last4": "0000",
        "verdict": "ambiguous", "likely": 1, "decided": false
    },
    "open": true,
    "candidates": [{
        "key": "000000006ac8a220abababababababababababababababab", "date": "2026-10-09",
        "left": { "minor": 50000, "currency": "RUB" }, "score": 60, "in_common": ["same_amount"], "awaits_clearing": false
    }],
    "decisions": [{
        "id": 5, "purchase": null, "by": "bob", "at": "2026-10-10T10:00:00Z", "reason": "goodwill of the shop",
        "result": "refund_stands_alone"
    }]
}"#;

pub(super) const REFUND_VERDICT: &str = r#"{
    "purchase": "000000006ac8a220abababababababababababababababab", "reason": "the receipt names it"
}"#;

pub(super) const REFUND_KEPT: &str = r#"{ "id": 5 }"#;

pub(super) const AUDIT: &str = r#"{
    "entries": [{
        "entry": 17, "at": "2026-10-10T10:00:00Z", "by": "bob", "what": "program.approve", "object_kind": "proposal",
        "object": "3", "before": { "state": "proposed" }, "after": { "state": "scheduled" }, "note": "as agreed",
        "place": 17, "hash": "0f343b0931126a20f133d67c2b018a3b0f343b0931126a20f133d67c2b018a3b"
    }],
    "next": null
}"#;

pub(super) const VERIFICATION: &str = r#"{
    "holds": true, "fault": null, "place": 17,
    "hash": "0f343b0931126a20f133d67c2b018a3b0f343b0931126a20f133d67c2b018a3b", "waiting": 0
}"#;

pub(super) const BREAKS: &str = r#"{
    "breaks": [{
        "id": 41, "source": "bank_clearing", "scope": "NB-20261010-1", "class": "amount", "timing": "data",
        "program": "boreal-gold", "partner": null, "business_date": "2026-10-10", "subject": "628312000017",
        "unit": "RUB", "ours": 100000, "theirs": 100500, "difference": 500, "left": 500, "reason": "amount_differs",
        "transaction": "000000006ac9f3a0abababababababababababababababab", "state": "assigned", "assigned_to": "ann",
        "severity": "low", "opened_at": "2026-10-11T05:00:00Z", "due_at": "2026-10-14T05:00:00Z", "wait_until": null,
        "resolved_at": null, "resolution": null, "version": 3, "waiting": 12
    }],
    "next": null
}"#;

pub(super) const BREAK: &str = r#"{
    "listed": {
        "id": 41, "source": "bank_clearing", "scope": "NB-20261010-1", "class": "amount", "timing": "data",
        "program": "boreal-gold", "partner": null, "business_date": "2026-10-10", "subject": "628312000017",
        "unit": "RUB", "ours": 100000, "theirs": 100500, "difference": 500, "left": 500, "reason": "amount_differs",
        "transaction": "000000006ac9f3a0abababababababababababababababab", "state": "assigned", "assigned_to": "ann",
        "severity": "low", "opened_at": "2026-10-11T05:00:00Z", "due_at": "2026-10-14T05:00:00Z", "wait_until": null,
        "resolved_at": null, "resolution": null, "version": 3, "waiting": 12
    },
    "fields": [{ "field": "amount", "ours": "100000", "theirs": "100500", "differs": true }],
    "events": [{
        "place": 1, "at": "2026-10-11T05:00:00Z", "by": null, "what": "opened", "body": { "severity": "low" }
    }],
    "proposals": [{
        "id": 12, "kind": "write_off", "amount": 500, "wait_until": null, "their_ref": "", "our_ref": "",
        "account": "differences", "adjustment": null, "reason": "the bank keeps its amount", "by": "ann",
        "at": "2026-10-11T06:00:00Z",
        "decision": { "verdict": "approved", "by": "bob", "at": "2026-10-11T07:00:00Z", "reason": "small" }
    }],
    "attachments": [{
        "place": 3, "name": "letter.pdf", "media_type": "application/pdf", "bytes": 12345,
        "sha256": "0f343b0931126a20f133d67c2b018a3b0f343b0931126a20f133d67c2b018a3b"
    }],
    "bookings": [{
        "id": 5, "kind": "write_off", "proposal": 12, "amount": 500, "direction": "theirs_more",
        "account": "differences", "adjustment": null, "at": "2026-10-11T07:00:00Z"
    }]
}"#;

pub(super) const ASSIGNMENT: &str = r#"{ "cases": [{ "id": 41, "version": 3 }], "to": "ann" }"#;

pub(super) const ASSIGNED: &str = r#"{ "assigned": 1 }"#;

pub(super) const COMMENT: &str = r#"{ "text": "the bank looks into it" }"#;

pub(super) const ADDED: &str = r#"{ "place": 4 }"#;

pub(super) const CASE_PROPOSAL: &str = r#"{
    "version": 3, "kind": "adjust", "amount": 500, "wait_until": null, "their_ref": null, "our_ref": null,
    "account": null,
    "adjustment": {
        "currency": "RUB", "stated": "bank_pays_partner", "original": "628312000017", "basis": null, "quantity": 0,
        "net_minor": 500, "vat_minor": 0
    },
    "reason": "the partner's amount is right"
}"#;

pub(super) const CASE_PROPOSAL_KEPT: &str = r#"{ "proposal": 12 }"#;

pub(super) const CASE_VERDICT: &str = r#"{ "version": 4, "verdict": "approved", "reason": "small" }"#;

pub(super) const CASE_STANDS: &str =
    r#"{ "state": "resolved", "resolution": "written_off", "left": 0, "adjustment": null }"#;

pub(super) const CASE_TAKEN_BACK: &str = r#"{ "proposal": 12 }"#;
