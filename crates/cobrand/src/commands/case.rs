//! `case`: what reconciliation has found, and what people do about it. One proposes, another one decides.

mod act;
mod list;
mod propose;
mod show;

use clap::{Args, Subcommand};
use domain::case::{CaseProposalKind, CaseRefusal};
use store::cases::{CaseError, CaseView};

use crate::{
    assembly::Assembly,
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
    commands::staff::StaffArgs,
};

/// Cases: breaks that people look after.
#[derive(Debug, Subcommand)]
pub enum CaseCommand {
    /// Those that are not resolved, the oldest first.
    List(Box<list::ListArgs>),
    /// One of them, with its history.
    Show(show::ShowArgs),
    /// Gives cases to somebody, or back to nobody: all of them or none.
    Assign(act::AssignArgs),
    /// Adds a comment.
    Comment(act::CommentArgs),
    /// Keeps a file with a case.
    Attach(act::AttachArgs),
    /// Proposes what becomes of a case. Another person must agree.
    Propose(Box<propose::ProposeArgs>),
    /// Agrees with what somebody else has proposed, or refuses it. What is agreed upon is booked at once.
    Decide(act::DecideArgs),
    /// Takes one's own proposal back.
    TakeBack(act::TakeBackArgs),
    /// What became of all differences. Exit status 1 if the sums do not hold.
    Sums(show::SumsArgs),
}

/// A case, and who does something about it.
#[derive(Debug, Args)]
struct OneCase {
    #[command(flatten)]
    config: ConfigArgs,
    /// The number of the case.
    case: i64,
    /// Only if it is still this version: see `cobrand case show`.
    #[arg(long)]
    version: Option<i32>,
    #[command(flatten)]
    staff: StaffArgs,
}

impl CaseCommand {
    /// Runs it.
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(args) => list::list(&args).await,
            Self::Show(args) => show::show(&args).await,
            Self::Assign(args) => act::assign(&args).await,
            Self::Comment(args) => act::comment(&args).await,
            Self::Attach(args) => act::attach(&args).await,
            Self::Propose(args) => propose::propose(&args).await,
            Self::Decide(args) => act::decide(&args).await,
            Self::TakeBack(args) => act::take_back(&args).await,
            Self::Sums(args) => show::sums(&args).await,
        }
    }
}

/// Reads a stored word that was given as an option.
fn word<T>(option: &str, text: &str, all: &[&str], parse: impl Fn(&str) -> Option<T>) -> Result<T, WrongUse> {
    parse(text).ok_or_else(|| WrongUse(format!("{option} {text:?} is none of {}", all.join(", "))))
}

async fn found(assembly: &Assembly, case: i64) -> anyhow::Result<CaseView> {
    match store::cases::show(&assembly.pool, case).await? {
        Some(view) => Ok(view),
        None => Err(AnswerIsNo(format!("there is no case {case}: see `cobrand case list --all`")).into()),
    }
}

/// The value, or why nothing was done.
fn done<T>(result: Result<T, CaseError>) -> anyhow::Result<T> {
    result.map_err(|error| match error {
        CaseError::Refused(refusal) => AnswerIsNo(format!("{}; nothing was done", words(refusal))).into(),
        CaseError::Store(error) => error.into(),
    })
}

fn words(refusal: CaseRefusal) -> String {
    let text = match refusal {
        CaseRefusal::NotFound => "there is no such case: see `cobrand case list --all`",
        CaseRefusal::Outdated => "somebody else has changed the case: look at it again",
        CaseRefusal::Resolved => "the case is resolved",
        CaseRefusal::Undecided => "a proposal about the case waits for a decision",
        CaseRefusal::NothingProposed => "no such proposal waits for a decision",
        CaseRefusal::SamePerson => "nobody approves his own proposal; somebody else must",
        CaseRefusal::NotTheProposer => "only whoever proposed takes it back; to refuse it, decide",
        CaseRefusal::NotAllowed(kind) => return not_allowed(kind),
        CaseRefusal::PastWhatIsLeft => {
            "the amount is zero, has another sign than what is left, or is more than that: see `cobrand case show`"
        }
        CaseRefusal::WaitDate => {
            "--until must be a date after today, at most a year away, and only where something waits"
        }
        CaseRefusal::NoReference => "say with --their-ref or --our-ref what it is matched with",
        CaseRefusal::AdjustmentDiffers => {
            "net and tax (or for miles the quantity) do not come to the amount, or the currency is not that of the break"
        }
        CaseRefusal::CorrectedAlready => {
            "the receiver disputes the line, and a correction is proposed or approved already: see `cobrand partner dispute list`"
        }
        CaseRefusal::NotAllOfTheLine => {
            "the receiver disputes the line, and the adjustment decides that: it must be of all that is left. Write the rest \
             off before, or leave --amount out"
        }
        CaseRefusal::Account => {
            "the account takes miles where there is money, or money where there are miles"
        }
        CaseRefusal::NoSuchPerson => "there is no such person of the staff, or the person is locked",
        CaseRefusal::SaysNothing => "the text or the file is empty",
        CaseRefusal::TooLong => "the text, the name or the file is too long, or there are too many",
        CaseRefusal::CardNumber => "it holds what may be a card number",
        CaseRefusal::Unreadable => "it cannot be read as text",
        CaseRefusal::AttachmentName => "the name of the file cannot be kept: give another one with --name",
        CaseRefusal::AttachmentType => {
            "files of this type are not kept (txt, csv, json, xml, pdf, png, jpg, xlsx are), or it is not what its name says"
        }
        CaseRefusal::AttachedAlready => "the same bytes are attached already",
    };
    text.to_owned()
}

fn not_allowed(kind: CaseProposalKind) -> String {
    let why = match kind {
        CaseProposalKind::Match => "there is nothing to match: it is about a whole file",
        CaseProposalKind::WriteOff => "no amount is left",
        CaseProposalKind::Adjust => {
            "no amount is left, or it is of no program and partner whose file could correct it"
        }
        CaseProposalKind::Explain => {
            "an amount is left: it is matched, written off or adjusted; and a suggestion is answered with match or keep_apart"
        }
        CaseProposalKind::KeepApart => "it is no suggested match",
        CaseProposalKind::SendBack | CaseProposalKind::WaitUntil => "it is resolved",
    };
    format!("{} is not possible here: {why}", kind.name())
}
