//! Every operation, once: router, checks and OpenAPI document are made from this list.

use store::TokenScope::{Decide, Propose};

use super::{
    approvals, audit, breaks, cases, days, examples, explanation, health,
    operation::{JsonType, Operation, Parameter, Takes, handler},
    partners, programs, proposals, refunds, transactions,
};
use crate::{
    access::Deed,
    routes::{Kind, Needs, Partners, RouteInfo},
};

const CYCLE: Parameter = Parameter {
    name: "cycle",
    meaning: "Which cycle of a date that has several, from 1; without it the first that is not done, or else the last.",
    words: &[],
};

const fn text(name: &'static str, meaning: &'static str) -> Parameter {
    Parameter { name, meaning, words: &[] }
}

const NO_DAY: (u16, &str, &str) = (404, "not_found", "the program has no such day");

/// The failures of deciding what another person has proposed.
const DECIDING: &[(u16, &str, &str)] = &[
    (403, "four_eyes", "nobody approves what he proposed"),
    (409, "decided_before", "it does not stand where this is possible"),
    (409, "outdated", "it was compared with a version that is no longer in force"),
    (409, "another_scheduled", "another version is approved and waits for its instant"),
    (409, "not_approvable", "its text cannot be read, contradicts itself or fails its tests"),
    (422, "wrong_value", "the reason is missing, too long, or holds what looks like a card number"),
];

/// The failures of deciding about a case.
const CASE_DECIDING: &[(u16, &str, &str)] = &[
    (403, "four_eyes", "nobody approves what he proposed"),
    (409, "outdated", "somebody else was quicker: look at it again"),
    (409, "resolved", "it is resolved"),
    (409, "nothing_proposed", "no such proposal waits for a decision"),
    (409, "past_what_is_left", "it is more than is left by now"),
    (422, "says_nothing", "the reason is empty"),
    (422, "card_number", "it holds what may be a card number: nothing was kept"),
];

const fn one_of(name: &'static str, meaning: &'static str, words: &'static [&'static str]) -> Parameter {
    Parameter { name, meaning, words }
}

/// By what breaks are filtered and sorted.
const BREAKS_BY: &[Parameter] = &[
    one_of("state", "Where the case stands.", &["open", "assigned", "pending_external", "resolved"]),
    text("class", "The class of the break, such as `amount`."),
    one_of("timing", "Whether data or time is wrong.", &["data", "timing"]),
    text("source", "From which comparison, such as `bank_clearing`."),
    text("program", "The program's code."),
    text("partner", "The partner's code."),
    text("date", "The business date of what was compared."),
    text("owner", "Who has the case: a name, `me`, or `nobody`."),
    one_of("severity", "How severe the case is.", &["low", "medium", "high", "critical"]),
    one_of("age", "How many days it has been there.", &["0-1", "2-3", "4-7", "8-30", "30+"]),
    text("unit", "Three letters of a currency, or `MILES`."),
    text("size_min", "The size of the difference is at least this."),
    text("size_max", "The size of the difference is at most this."),
    one_of("overdue", "Only those past their due date.", &["yes"]),
    one_of("waiting", "Only those whose proposal another person made and you may decide.", &["yes"]),
    text("q", "In the subject, the scope or the compared fields; or the number of the case."),
    one_of("sort", "By what the list is sorted; by age, if you say nothing.", &["age", "amount", "severity"]),
    one_of("reversed", "The other way round.", &["yes"]),
];

pub(super) static OPERATIONS: &[Operation] = &[
    Operation::read(
        "/api/v1/programs/{program}/days",
        "days",
        "The days of a program, the newest first",
        JsonType::of::<days::Days>(examples::DAYS),
        handler!(days::list),
    )
    .saying("A day that has several cycles stands there once for each.")
    .paged(),
    Operation::read(
        "/api/v1/programs/{program}/days/{date}",
        "day",
        "A day with its totals and how they tie",
        JsonType::of::<days::Day>(examples::DAY),
        handler!(days::show),
    )
    .saying("What arrived, what is owed, the files as they lie in their folder, and the tie-out of the page.")
    .by(&[CYCLE, one_of("count", "Counts messages and movements again, however many there are.", &["now"])])
    .failing(&[NO_DAY]),
    Operation::read(
        "/api/v1/programs/{program}/days/{date}/files",
        "dayFiles",
        "The settlement files of a day, each verified against the books",
        JsonType::of::<days::DayFiles>(examples::DAY_FILES),
        handler!(days::files),
    )
    .saying("Each published file is read and hashed when you ask.")
    .by(&[CYCLE])
    .failing(&[NO_DAY]),
    Operation::read(
        "/api/v1/programs/{program}/days/{date}/transactions",
        "dayTransactions",
        "The messages of a day, by their time",
        JsonType::of::<transactions::Transactions>(examples::TRANSACTIONS),
        handler!(transactions::of_day),
    )
    .saying("Of one message type, if you name it.")
    .by(&[CYCLE, text("mti", "A message type such as 0100, or `file` and `file-reversal` for records of clearing files.")])
    .paged()
    .failing(&[NO_DAY]),
    Operation::read(
        "/api/v1/transactions",
        "findTransactions",
        "Messages found by a reference",
        JsonType::of::<transactions::Transactions>(examples::TRANSACTIONS),
        handler!(transactions::find),
    )
    .saying("An empty list, if nothing has it.")
    .by(&[text("reference", "A key of 48 hexadecimal digits, or a retrieval reference number (DE37).")]),
    Operation::read(
        "/api/v1/transactions/{reference}",
        "transaction",
        "All that is known of the messages that a reference names",
        JsonType::of::<transactions::TransactionsShown>(examples::TRANSACTION),
        handler!(transactions::show),
    )
    .saying("The reference is a key of 48 hexadecimal digits, or a retrieval reference number (DE37).")
    .failing(&[(404, "not_found", "no stored message has this reference")]),
    Operation::read(
        "/api/v1/transactions/{reference}/explanation",
        "explanation",
        "Why messages were worth what they were",
        JsonType::of::<explanation::Explained>(examples::EXPLANATION),
        handler!(explanation::explain),
    )
    .saying("Each step of the decision, in words of both languages. Failures are also told under `error`, as before.")
    .with_old_errors()
    .failing(&[(404, "not_found", "no stored message has this reference")]),
    Operation::read(
        "/api/v1/breaks",
        "breaks",
        "Breaks with where their cases stand",
        JsonType::of::<breaks::Breaks>(examples::BREAKS),
        handler!(breaks::list),
    )
    .saying("Filtered and sorted as the page does; without filters all of them, the oldest first.")
    .by(BREAKS_BY)
    .paged(),
    Operation::read(
        "/api/v1/breaks/{id}",
        "break",
        "A break with its case: sides, history, proposals, files, bookings",
        JsonType::of::<breaks::BreakShown>(examples::BREAK),
        handler!(breaks::show),
    )
    .saying("All of it as of one instant."),
    Operation::read(
        "/api/v1/breaks/{id}/attachments/{place}",
        "attachment",
        "The bytes of a file that is kept with a case",
        JsonType::of::<breaks::BreakShown>(examples::BREAK),
        handler!(breaks::attachment),
    )
    .saying("As it was attached.")
    .giving_a_file(),
    Operation::change(
        "/api/v1/assignments",
        "assignCases",
        "Give cases to somebody, or back to nobody: all of them or none",
        (Propose, Deed::WorkCases),
        (
            JsonType::of::<cases::Assignment>(examples::ASSIGNMENT),
            200,
            JsonType::of::<cases::AssignmentDone>(examples::ASSIGNED),
        ),
        handler!(cases::assign),
    )
    .saying("At most 500 at once.")
    .taking(Takes::Json(JsonType::of::<cases::Assignment>(examples::ASSIGNMENT)), 64 * 1024)
    .failing(&[
        (409, "not_assigned", "these stand in the way, each with its reason"),
        (422, "no_such_person", "there is no such person of the staff, or the person is locked"),
    ]),
    Operation::change(
        "/api/v1/breaks/{id}/comments",
        "commentCase",
        "Add a comment to a case",
        (Propose, Deed::WorkCases),
        (
            JsonType::of::<cases::Comment>(examples::COMMENT),
            201,
            JsonType::of::<cases::Added>(examples::ADDED),
        ),
        handler!(cases::comment),
    )
    .saying("Also to one that is resolved.")
    .failing(cases::REFUSALS),
    Operation::change(
        "/api/v1/breaks/{id}/attachments",
        "attachToCase",
        "Keep a file with a case",
        (Propose, Deed::WorkCases),
        (
            JsonType::of::<cases::Added>(examples::ADDED),
            201,
            JsonType::of::<cases::Added>(examples::ADDED),
        ),
        handler!(cases::attach),
    )
    .saying("The body is the file. The same bytes are kept once for each case.")
    .by(&[text("name", "What the file is called; its ending says what it is.")])
    .taking(Takes::File, domain::case::ATTACHMENT_BYTES_MAX)
    .failing(&[
        (409, "attached_already", "the same bytes are attached already"),
        (422, "attachment_name", "the name of the file cannot be kept"),
        (422, "attachment_type", "files of this type are not kept, or it is not what its name says"),
        (422, "too_long", "the file is too long, or there are too many of them"),
        (422, "card_number", "it holds what may be a card number: nothing was kept"),
    ]),
    Operation::change(
        "/api/v1/breaks/{id}/proposals",
        "proposeForCase",
        "Propose what is to become of a case",
        (Propose, Deed::WorkCases),
        (
            JsonType::of::<cases::CaseProposal>(examples::CASE_PROPOSAL),
            201,
            JsonType::of::<cases::CaseProposalKept>(examples::CASE_PROPOSAL_KEPT),
        ),
        handler!(cases::propose),
    )
    .saying("Another person decides. A case has one proposal that waits, at most.")
    .failing(cases::REFUSALS),
    Operation::change(
        "/api/v1/breaks/{id}/proposals/{proposal}/decision",
        "decideCase",
        "Approve or reject what is proposed of a case",
        (Decide, Deed::DecideCases),
        (
            JsonType::of::<cases::CaseVerdict>(examples::CASE_VERDICT),
            200,
            JsonType::of::<cases::CaseStands>(examples::CASE_STANDS),
        ),
        handler!(cases::decide),
    )
    .saying("An approval is booked in the instant in which it is said. Never by the person who proposed it.")
    .failing(CASE_DECIDING),
    Operation::change(
        "/api/v1/breaks/{id}/proposals/{proposal}/withdrawal",
        "takeBackCaseProposal",
        "Take your own proposal back",
        (Propose, Deed::WorkCases),
        (
            JsonType::of::<proposals::TakenBack>(examples::TAKEN_BACK),
            200,
            JsonType::of::<cases::CaseTakenBack>(examples::CASE_TAKEN_BACK),
        ),
        handler!(cases::take_back),
    )
    .saying("While nobody has decided about it.")
    .failing(&[
        (403, "not_the_proposer", "only whoever proposed it takes it back"),
        (409, "nothing_proposed", "no such proposal waits for a decision"),
        (422, "says_nothing", "the reason is empty"),
    ]),
    Operation::read(
        "/api/v1/approvals",
        "approvals",
        "What waits for somebody's decision, the oldest first",
        JsonType::of::<approvals::Approvals>(examples::APPROVALS),
        handler!(approvals::list),
    )
    .saying("Each tells whether you may approve it."),
    Operation::read(
        "/api/v1/partners",
        "partners",
        "The partners",
        JsonType::of::<partners::Partners>(examples::PARTNERS),
        handler!(partners::list),
    )
    .saying("All that are configured.")
    .partners_too(),
    Operation::read(
        "/api/v1/partners/{partner}/statement",
        "partnerStatement",
        "What was settled with a partner: opening, movements, payments, closing",
        JsonType::of::<partners::Statement>(examples::STATEMENT),
        handler!(partners::statement),
    )
    .saying("At most a year. Amounts are positive if the partner owes or pays them.")
    .by(&[text("from", "The first business date; required."), text("until", "The last business date; required.")])
    .partners_too(),
    Operation::read(
        "/api/v1/partners/{partner}/files",
        "partnerFiles",
        "A partner's published settlement files, in their order",
        JsonType::of::<partners::Files>(examples::PARTNER_FILES),
        handler!(partners::files),
    )
    .saying("Every edition that was published.")
    .paged()
    .partners_too(),
    Operation::read(
        "/api/v1/partners/{partner}/files/{file}",
        "partnerFile",
        "The bytes of a settlement file",
        JsonType::of::<partners::Files>(examples::PARTNER_FILES),
        handler!(partners::file),
    )
    .saying("As they were published.")
    .giving_a_file()
    .partners_too()
    .failing(&[
        (409, "file_too_large", "it is too large for one answer: fetch it as files come"),
        (503, "file_is_away", "it is on the books and not in its place"),
    ]),
    Operation::read(
        "/api/v1/programs",
        "programs",
        "The programs: what is in force, scheduled, proposed",
        JsonType::of::<programs::Programs>(examples::PROGRAMS),
        handler!(programs::list),
    )
    .saying("All that are configured."),
    Operation::read(
        "/api/v1/programs/{program}/health",
        "programHealth",
        "Miles outstanding, members, and what the last 30 business dates came to",
        JsonType::of::<health::Health>(examples::HEALTH),
        handler!(health::show),
    )
    .saying("As the last counted cycle left it."),
    Operation::read(
        "/api/v1/links",
        "links",
        "What the links of banks did in the last 24 hours",
        JsonType::of::<health::Links>(examples::LINKS),
        handler!(health::links),
    )
    .saying("In spans of half an hour: connections, messages, and answers by how long they took."),
    Operation::read(
        "/api/v1/programs/{program}/versions",
        "versions",
        "The versions that are or were in force, the newest first",
        JsonType::of::<programs::Versions>(examples::VERSIONS),
        handler!(programs::versions),
    )
    .saying("The last 200."),
    Operation::read(
        "/api/v1/programs/{program}/versions/{version}",
        "version",
        "The text of a version, and how it differs from another",
        JsonType::of::<programs::VersionShown>(examples::VERSION),
        handler!(programs::version),
    )
    .saying("A version that was in force or proposed, by its SHA-256.")
    .by(&[text("with", "The version to compare it with, by its SHA-256.")]),
    Operation::read(
        "/api/v1/programs/{program}/proposals",
        "proposals",
        "The proposed versions of a program, the newest first",
        JsonType::of::<proposals::Proposals>(examples::PROPOSALS),
        handler!(proposals::list),
    )
    .saying("The last 200, and whatever still waits."),
    Operation::change(
        "/api/v1/programs/{program}/proposals",
        "proposeVersion",
        "Propose a version of a program",
        (Propose, Deed::ProposePrograms),
        (
            JsonType::of::<proposals::NewVersion>(examples::NEW_VERSION),
            201,
            JsonType::of::<proposals::Numbered>(examples::NUMBERED),
        ),
        handler!(proposals::propose),
    )
    .saying("It is compared with the version in force; what was found stands in the proposal. Another person decides.")
    .taking(Takes::Json(JsonType::of::<proposals::NewVersion>(examples::NEW_VERSION)), proposals::BODY_BYTES_MAX)
    .failing(&[
        (409, "not_by_approval", "programs change by files here, or nothing was ever in force"),
        (409, "outdated", "another version has just come into force"),
        (422, "wrong_value", "text, comment or report is missing, too long, or holds what looks like a card number"),
    ]),
    Operation::read(
        "/api/v1/program-proposals/{id}",
        "proposal",
        "A proposed version with its text and what was found out about it",
        JsonType::of::<proposals::ProposalShown>(examples::PROPOSAL),
        handler!(proposals::show),
    )
    .saying("Changes, tests, examples, and the back-test's report."),
    Operation::change(
        "/api/v1/program-proposals/{id}/decision",
        "decideProposal",
        "Approve or reject a proposed version",
        (Decide, Deed::DecidePrograms),
        (
            JsonType::of::<proposals::Verdict>(examples::VERDICT),
            200,
            JsonType::of::<proposals::Decided>(examples::DECIDED),
        ),
        handler!(proposals::decide),
    )
    .saying("Never by the person who proposed it.")
    .failing(DECIDING),
    Operation::change(
        "/api/v1/program-proposals/{id}/withdrawal",
        "withdrawProposal",
        "Take a proposed version back before it comes into force",
        (Propose, Deed::WithdrawPrograms),
        (
            JsonType::of::<proposals::TakenBack>(examples::TAKEN_BACK),
            200,
            JsonType::of::<proposals::Decided>(examples::WITHDRAWN),
        ),
        handler!(proposals::withdraw),
    )
    .saying("It changes nothing.")
    .failing(&[(409, "decided_before", "it does not stand where this is possible")]),
    Operation::read(
        "/api/v1/refunds",
        "refunds",
        "Refunds that came without their purchase and wait for a decision",
        JsonType::of::<refunds::Refunds>(examples::REFUNDS),
        handler!(refunds::list),
    )
    .saying("The oldest first.")
    .paged(),
    Operation::read(
        "/api/v1/refunds/{bucket}/{key}",
        "refund",
        "A refund with the purchases that it may take back",
        JsonType::of::<refunds::RefundShown>(examples::REFUND),
        handler!(refunds::show),
    )
    .saying("The likeliest purchase first, each with what the two have in common."),
    Operation::change(
        "/api/v1/refunds/{bucket}/{key}/decision",
        "decideRefund",
        "Say which purchase a refund takes back, or that it stands alone",
        (Decide, Deed::DecideRefunds),
        (
            JsonType::of::<refunds::RefundVerdictGiven>(examples::REFUND_VERDICT),
            201,
            JsonType::of::<refunds::RefundKept>(examples::REFUND_KEPT),
        ),
        handler!(refunds::decide),
    )
    .saying("The decision is kept; the gateway books it soon.")
    .failing(&[
        (409, "nothing_to_decide", "the refund does not stand alone any more"),
        (409, "decided_before", "somebody has decided already"),
        (409, "no_candidate", "that purchase is none that the refund could take back"),
        (409, "not_cleared", "nothing can be taken back of that purchase before it is cleared"),
        (422, "wrong_value", "the reason is missing, too long, or holds what looks like a card number"),
    ]),
    Operation::read(
        "/api/v1/audit",
        "audit",
        "Who changed what, the newest first",
        JsonType::of::<audit::Entries>(examples::AUDIT),
        handler!(audit::list),
    )
    .saying("With the values before and after, and each entry's place in the chain.")
    .needing(Deed::SeeAudit)
    .by(&[
        text("by", "Who acted."),
        text("what", "What was done, such as `program.approve`; `program` finds all that begin so."),
        text("object_kind", "Which kind of object."),
        text("object", "Which object."),
        text("from", "Not before this instant."),
        text("until", "Before this instant."),
    ])
    .paged(),
    Operation::read(
        "/api/v1/audit/verification",
        "verifyAudit",
        "Whether nothing of the audit was changed or lost",
        JsonType::of::<audit::Verification>(examples::VERIFICATION),
        handler!(audit::verify),
    )
    .saying(
        "Computes the whole chain anew. Name an end that you kept, and it must still be there; with `what=behind` only what \
         stands behind it is computed, which is what a monitor should ask. One at a time: 503 while another one runs.",
    )
    .needing(Deed::SeeAudit)
    .by(&[
        text("place", "The place of an end that was kept."),
        text("hash", "The hash of that place."),
        one_of("what", "What is computed; all, if nothing is said.", &["behind"]),
    ]),
];

/// What is known of an operation from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaffOperation {
    /// Its name, the `operationId`.
    pub name: &'static str,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path with its parameters in braces.
    pub path: &'static str,
    /// What a token must be good for.
    pub scope: store::TokenScope,
    /// What a role must be trusted with.
    pub deed: Deed,
    /// Whether people of partners may call it.
    pub partners: bool,
}

/// All operations.
pub fn staff_operations() -> impl Iterator<Item = StaffOperation> {
    OPERATIONS.iter().map(|one| StaffOperation {
        name: one.name,
        method: method(one),
        path: one.path,
        scope: one.scope,
        deed: one.deed,
        partners: one.partners,
    })
}

/// As routes of the console.
pub(crate) fn routes() -> impl Iterator<Item = RouteInfo> {
    OPERATIONS.iter().map(|one| RouteInfo {
        method: method(one),
        path: one.path,
        needs: Needs::Deed(one.deed),
        partners: if one.partners { Partners::OwnRows } else { Partners::No },
        kind: Kind::Api,
    })
}

fn method(one: &Operation) -> &'static str {
    if one.changes() { "POST" } else { "GET" }
}
