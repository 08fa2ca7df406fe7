"""Citizen participation: fair, verifiable lotteries and the procedure around them.

The public names of the library. They are loaded when first used, so that `import mitwirkung`
stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mitwirkung.access import Everything as Everything
    from mitwirkung.app import Mitwirkung as Mitwirkung
    from mitwirkung.app import read_facts as read_facts
    from mitwirkung.app import solve as solve
    from mitwirkung.app import verify_record as verify_record
    from mitwirkung.applications import Application as Application
    from mitwirkung.applications import ApplicationRefused as ApplicationRefused
    from mitwirkung.applications import Offer as Offer
    from mitwirkung.applications import State as State
    from mitwirkung.applications import Tally as Tally
    from mitwirkung.applications import Transition as Transition
    from mitwirkung.applications import companion_groups as companion_groups
    from mitwirkung.applications import tally as tally
    from mitwirkung.archive import Audit as Audit
    from mitwirkung.casefile import ApplicationUnknown as ApplicationUnknown
    from mitwirkung.casefile import EventUnknown as EventUnknown
    from mitwirkung.casefile import Round as Round
    from mitwirkung.dispatching import Dispatched as Dispatched
    from mitwirkung.duplicates import MergePlan as MergePlan
    from mitwirkung.duplicates import PossibleDuplicate as PossibleDuplicate
    from mitwirkung.duplicates import merge_applications as merge_applications
    from mitwirkung.duplicates import merge_plan as merge_plan
    from mitwirkung.duplicates import possible_duplicates as possible_duplicates
    from mitwirkung.erasure import Erased as Erased
    from mitwirkung.erasure_log import ErasureLog as ErasureLog
    from mitwirkung.errors import BackendFailed as BackendFailed
    from mitwirkung.errors import BackendRefused as BackendRefused
    from mitwirkung.errors import ExtraMissing as ExtraMissing
    from mitwirkung.errors import Finding as Finding
    from mitwirkung.errors import InputError as InputError
    from mitwirkung.errors import MitwirkungError as MitwirkungError
    from mitwirkung.errors import NameConflict as NameConflict
    from mitwirkung.errors import PluginBlocked as PluginBlocked
    from mitwirkung.errors import PluginFailed as PluginFailed
    from mitwirkung.errors import SourceFailed as SourceFailed
    from mitwirkung.errors import SourceRefused as SourceRefused
    from mitwirkung.errors import StrategyFailed as StrategyFailed
    from mitwirkung.errors import StrategyRefused as StrategyRefused
    from mitwirkung.errors import UnknownBackend as UnknownBackend
    from mitwirkung.errors import UnknownSource as UnknownSource
    from mitwirkung.errors import UnknownStrategy as UnknownStrategy
    from mitwirkung.event_file import read_event as read_event
    from mitwirkung.events import Event as Event
    from mitwirkung.events import EventPlan as EventPlan
    from mitwirkung.events import MissingGroup as MissingGroup
    from mitwirkung.events import Mode as Mode
    from mitwirkung.events import Phase as Phase
    from mitwirkung.events import Remedy as Remedy
    from mitwirkung.events import Undersubscription as Undersubscription
    from mitwirkung.events import missing_groups as missing_groups
    from mitwirkung.folders import give_up_folder as give_up_folder
    from mitwirkung.folders import write_report as write_report
    from mitwirkung.forms.answers import answer_model as answer_model
    from mitwirkung.forms.answers import answers_schema as answers_schema
    from mitwirkung.forms.answers import by_compartment as by_compartment
    from mitwirkung.forms.answers import check_answers as check_answers
    from mitwirkung.forms.answers import consents_in as consents_in
    from mitwirkung.forms.answers import features_in as features_in
    from mitwirkung.forms.answers import person_in as person_in
    from mitwirkung.forms.declaration import Form as Form
    from mitwirkung.forms.declaration import FormCondition as FormCondition
    from mitwirkung.forms.declaration import FormField as FormField
    from mitwirkung.forms.declaration import FormOption as FormOption
    from mitwirkung.forms.entry import match_columns as match_columns
    from mitwirkung.forms.entry import typed_answers as typed_answers
    from mitwirkung.forms.outline import FormOutline as FormOutline
    from mitwirkung.forms.outline import FormQuestion as FormQuestion
    from mitwirkung.forms.outline import form_outline as form_outline
    from mitwirkung.forms.reading import form_from as form_from
    from mitwirkung.forms.reading import read_form as read_form
    from mitwirkung.forms.reading import ready_field as ready_field
    from mitwirkung.forms.sheets import paper_form as paper_form
    from mitwirkung.forms.sheets import phone_script as phone_script
    from mitwirkung.forms.web import sent_cells as sent_cells
    from mitwirkung.forms.web import web_form as web_form
    from mitwirkung.intake import Applicants as Applicants
    from mitwirkung.intake import read_applicants as read_applicants
    from mitwirkung.lottery.alternates import Dropout as Dropout
    from mitwirkung.lottery.alternates import alternates_problem as alternates_problem
    from mitwirkung.lottery.alternates import compare_alternates as compare_alternates
    from mitwirkung.lottery.alternates import dropout_from_past as dropout_from_past
    from mitwirkung.lottery.alternates import simulate_dropouts as simulate_dropouts
    from mitwirkung.lottery.apportionment import quotas_from_population as quotas_from_population
    from mitwirkung.lottery.apportionment import read_population as read_population
    from mitwirkung.lottery.attempts import AttemptRefused as AttemptRefused
    from mitwirkung.lottery.certificates import OptimumNotProven as OptimumNotProven
    from mitwirkung.lottery.draw import DrawRecord as DrawRecord
    from mitwirkung.lottery.facts import Facts as Facts
    from mitwirkung.lottery.feasibility import InfeasibleQuotas as InfeasibleQuotas
    from mitwirkung.lottery.feasibility import TooFewApplicants as TooFewApplicants
    from mitwirkung.lottery.feasibility import check_feasible as check_feasible
    from mitwirkung.lottery.feasibility import require_enough_lots as require_enough_lots
    from mitwirkung.lottery.folder import AttemptGivenUp as AttemptGivenUp
    from mitwirkung.lottery.folder import FileMissing as FileMissing
    from mitwirkung.lottery.folder import FolderOccupied as FolderOccupied
    from mitwirkung.lottery.folder import PublishedLottery as PublishedLottery
    from mitwirkung.lottery.folder import read_lottery as read_lottery
    from mitwirkung.lottery.folder import read_record as read_record
    from mitwirkung.lottery.numbered import PanelsRefused as PanelsRefused
    from mitwirkung.lottery.panels import PanelLottery as PanelLottery
    from mitwirkung.lottery.panels import lot_classes as lot_classes
    from mitwirkung.lottery.problem import SelectionProblem as SelectionProblem
    from mitwirkung.lottery.problem_files import read_problem as read_problem
    from mitwirkung.lottery.progress import LotteryStopped as LotteryStopped
    from mitwirkung.lottery.progress import Step as Step
    from mitwirkung.lottery.publication import CountsRefused as CountsRefused
    from mitwirkung.lottery.publication import KeyRefused as KeyRefused
    from mitwirkung.lottery.publication import LotteryRefused as LotteryRefused
    from mitwirkung.lottery.publication import ReplacementRefused as ReplacementRefused
    from mitwirkung.lottery.quota_files import read_quotas as read_quotas
    from mitwirkung.lottery.quota_files import write_quotas as write_quotas
    from mitwirkung.lottery.quotas import Feature as Feature
    from mitwirkung.lottery.quotas import Provenance as Provenance
    from mitwirkung.lottery.quotas import Quota as Quota
    from mitwirkung.lottery.quotas import QuotaPlan as QuotaPlan
    from mitwirkung.lottery.randomness import UnfitSeed as UnfitSeed
    from mitwirkung.lottery.randomness import UnfitTemplate as UnfitTemplate
    from mitwirkung.lottery.receipts import Receipt as Receipt
    from mitwirkung.lottery.relaxing import FlexTooNarrow as FlexTooNarrow
    from mitwirkung.lottery.relaxing import QuotaChange as QuotaChange
    from mitwirkung.lottery.relaxing import ReasonUnfit as ReasonUnfit
    from mitwirkung.lottery.relaxing import Relaxation as Relaxation
    from mitwirkung.lottery.relaxing import smallest_relaxations as smallest_relaxations
    from mitwirkung.lottery.replacement import read_freed as read_freed
    from mitwirkung.lottery.replacement import replacement_problem as replacement_problem
    from mitwirkung.lottery.sortition_files import check_panels as check_panels
    from mitwirkung.lottery.sortition_files import export_draw as export_draw
    from mitwirkung.lottery.sortition_files import numbered_ids as numbered_ids
    from mitwirkung.lottery.sortition_files import panels_table as panels_table
    from mitwirkung.lottery.sortition_files import read_panels as read_panels
    from mitwirkung.lottery.sources import RandomnessSource as RandomnessSource
    from mitwirkung.lottery.sources import SourceSettings as SourceSettings
    from mitwirkung.lottery.strategy import SelectionStrategy as SelectionStrategy
    from mitwirkung.lottery.strategy import StrategySettings as StrategySettings
    from mitwirkung.lottery.verification import Verification as Verification
    from mitwirkung.lottery.wishes import Wishes as Wishes
    from mitwirkung.lottery.wishes import read_wishes as read_wishes
    from mitwirkung.mailroom import Mailroom as Mailroom
    from mitwirkung.mailroom import Preview as Preview
    from mitwirkung.mailroom import Released as Released
    from mitwirkung.mailroom import ReplyRefused as ReplyRefused
    from mitwirkung.mapping import AgeGroups as AgeGroups
    from mitwirkung.mapping import FeatureMapping as FeatureMapping
    from mitwirkung.mapping import FeatureSource as FeatureSource
    from mitwirkung.mapping import read_mapping as read_mapping
    from mitwirkung.moves import MoveRefused as MoveRefused
    from mitwirkung.notifications.channel import ChannelSettings as ChannelSettings
    from mitwirkung.notifications.channel import NotificationChannel as NotificationChannel
    from mitwirkung.notifications.message import Attachment as Attachment
    from mitwirkung.notifications.message import DeliveryReceipt as DeliveryReceipt
    from mitwirkung.notifications.message import Message as Message
    from mitwirkung.notifications.message import Outcome as Outcome
    from mitwirkung.notifications.message import Recipient as Recipient
    from mitwirkung.occasions import Occasion as Occasion
    from mitwirkung.outbox import About as About
    from mitwirkung.outbox import MessageRefused as MessageRefused
    from mitwirkung.outbox import MessageState as MessageState
    from mitwirkung.outbox import OutgoingMessage as OutgoingMessage
    from mitwirkung.people import Actor as Actor
    from mitwirkung.people import Channel as Channel
    from mitwirkung.people import Compartment as Compartment
    from mitwirkung.people import Consent as Consent
    from mitwirkung.people import EmailAddress as EmailAddress
    from mitwirkung.people import Person as Person
    from mitwirkung.people import PhoneNumber as PhoneNumber
    from mitwirkung.people import PostalAddress as PostalAddress
    from mitwirkung.people import Purpose as Purpose
    from mitwirkung.people import Role as Role
    from mitwirkung.plugins.hookspecs import hookimpl as hookimpl
    from mitwirkung.plugins.plugin import Plugin as Plugin
    from mitwirkung.procedure import Procedure as Procedure
    from mitwirkung.procedure import PublishedRound as PublishedRound
    from mitwirkung.profiles import answers_counted as answers_counted
    from mitwirkung.profiles import applicants_of as applicants_of
    from mitwirkung.registration import Entry as Entry
    from mitwirkung.registration import Registration as Registration
    from mitwirkung.replies import Reply as Reply
    from mitwirkung.replies import open_reply as open_reply
    from mitwirkung.replies import reply_page as reply_page
    from mitwirkung.replies import send_reply as send_reply
    from mitwirkung.replies import sent_contact as sent_contact
    from mitwirkung.reply_codes import Answer as Answer
    from mitwirkung.reports.alternates_plot import plot_alternates as plot_alternates
    from mitwirkung.reports.assessment import QuotaAssessment as QuotaAssessment
    from mitwirkung.reports.assessment import assess_quotas as assess_quotas
    from mitwirkung.reports.chance_plots import plot_chances as plot_chances
    from mitwirkung.reports.chance_plots import plot_lorenz as plot_lorenz
    from mitwirkung.reports.comparison_plot import plot_comparison as plot_comparison
    from mitwirkung.reports.explaining import Explanation as Explanation
    from mitwirkung.reports.explaining import UnknownPerson as UnknownPerson
    from mitwirkung.reports.explaining import explain as explain
    from mitwirkung.reports.panel_plot import plot_panel as plot_panel
    from mitwirkung.reports.picture import Picture as Picture
    from mitwirkung.reports.stages import NoStages as NoStages
    from mitwirkung.reports.stages_plot import plot_stages as plot_stages
    from mitwirkung.retention import Milestone as Milestone
    from mitwirkung.retention import Retention as Retention
    from mitwirkung.retention import RetentionPlan as RetentionPlan
    from mitwirkung.rounds import Drawn as Drawn
    from mitwirkung.schemas import UnknownSchema as UnknownSchema
    from mitwirkung.schemas import schema as schema
    from mitwirkung.schemas import schema_names as schema_names
    from mitwirkung.settings import PluginSettings as PluginSettings
    from mitwirkung.settings import Settings as Settings
    from mitwirkung.storage.backend import BackendSettings as BackendSettings
    from mitwirkung.storage.backend import StorageBackend as StorageBackend
    from mitwirkung.storage.backend import Transaction as Transaction
    from mitwirkung.storage.copying import Copied as Copied
    from mitwirkung.storage.errors import BodyAltered as BodyAltered
    from mitwirkung.storage.errors import BodyErased as BodyErased
    from mitwirkung.storage.errors import JournalBroken as JournalBroken
    from mitwirkung.storage.errors import MasterKeyRefused as MasterKeyRefused
    from mitwirkung.storage.errors import PurposeRefused as PurposeRefused
    from mitwirkung.storage.errors import RecordExists as RecordExists
    from mitwirkung.storage.errors import RecordUnfit as RecordUnfit
    from mitwirkung.storage.errors import StaleRecord as StaleRecord
    from mitwirkung.storage.errors import StorageBusy as StorageBusy
    from mitwirkung.storage.errors import StorageClosed as StorageClosed
    from mitwirkung.storage.errors import StorageUnfit as StorageUnfit
    from mitwirkung.storage.errors import UnknownKind as UnknownKind
    from mitwirkung.storage.journal import ChainedEntry as ChainedEntry
    from mitwirkung.storage.journal import JournalEntry as JournalEntry
    from mitwirkung.storage.journal import prove_journal as prove_journal
    from mitwirkung.storage.keys import KeyName as KeyName
    from mitwirkung.storage.keys import KeyStore as KeyStore
    from mitwirkung.storage.keys import MasterKey as MasterKey
    from mitwirkung.storage.keys import MemoryKeyStore as MemoryKeyStore
    from mitwirkung.storage.memory import MemoryBackend as MemoryBackend
    from mitwirkung.storage.records import Record as Record
    from mitwirkung.storage.records import RecordKind as RecordKind
    from mitwirkung.storage.sql.backend import SqlBackend as SqlBackend
    from mitwirkung.storage.sql.database import SqlDatabase as SqlDatabase
    from mitwirkung.storage.sql.key_store import SqlKeyStore as SqlKeyStore
    from mitwirkung.storage.sql.transaction import SqlTransaction as SqlTransaction
    from mitwirkung.storage.sqlite import SqliteBackend as SqliteBackend
    from mitwirkung.storage.vault import Vault as Vault
    from mitwirkung.writing import Post as Post

_HOMES = {
    "access": ["Everything"],
    "app": ["Mitwirkung", "read_facts", "solve", "verify_record"],
    "applications": [
        "Application",
        "ApplicationRefused",
        "companion_groups",
        "Offer",
        "State",
        "Tally",
        "tally",
        "Transition",
    ],
    "archive": ["Audit"],
    "casefile": ["ApplicationUnknown", "EventUnknown", "Round"],
    "dispatching": ["Dispatched"],
    "duplicates": [
        "merge_plan",
        "merge_applications",
        "MergePlan",
        "possible_duplicates",
        "PossibleDuplicate",
    ],
    "erasure": ["Erased"],
    "erasure_log": ["ErasureLog"],
    "errors": [
        "BackendFailed",
        "BackendRefused",
        "ExtraMissing",
        "Finding",
        "InputError",
        "MitwirkungError",
        "NameConflict",
        "PluginBlocked",
        "PluginFailed",
        "SourceFailed",
        "SourceRefused",
        "StrategyFailed",
        "StrategyRefused",
        "UnknownBackend",
        "UnknownSource",
        "UnknownStrategy",
    ],
    "event_file": ["read_event"],
    "events": [
        "Remedy",
        "Event",
        "EventPlan",
        "missing_groups",
        "MissingGroup",
        "Mode",
        "Phase",
        "Undersubscription",
    ],
    "folders": ["give_up_folder", "write_report"],
    "forms.answers": [
        "answer_model",
        "answers_schema",
        "by_compartment",
        "check_answers",
        "consents_in",
        "features_in",
        "person_in",
    ],
    "forms.declaration": ["FormCondition", "Form", "FormField", "FormOption"],
    "forms.entry": ["match_columns", "typed_answers"],
    "forms.outline": ["FormOutline", "form_outline", "FormQuestion"],
    "forms.reading": ["form_from", "read_form", "ready_field"],
    "forms.sheets": ["paper_form", "phone_script"],
    "forms.web": ["sent_cells", "web_form"],
    "intake": ["Applicants", "read_applicants"],
    "lottery.alternates": [
        "alternates_problem",
        "compare_alternates",
        "Dropout",
        "dropout_from_past",
        "simulate_dropouts",
    ],
    "lottery.apportionment": ["quotas_from_population", "read_population"],
    "lottery.attempts": ["AttemptRefused"],
    "lottery.certificates": ["OptimumNotProven"],
    "lottery.draw": ["DrawRecord"],
    "lottery.facts": ["Facts"],
    "lottery.feasibility": [
        "check_feasible",
        "InfeasibleQuotas",
        "require_enough_lots",
        "TooFewApplicants",
    ],
    "lottery.folder": [
        "AttemptGivenUp",
        "FileMissing",
        "FolderOccupied",
        "PublishedLottery",
        "read_lottery",
        "read_record",
    ],
    "lottery.numbered": ["PanelsRefused"],
    "lottery.panels": ["lot_classes", "PanelLottery"],
    "lottery.problem": ["SelectionProblem"],
    "lottery.problem_files": ["read_problem"],
    "lottery.progress": ["LotteryStopped", "Step"],
    "lottery.publication": ["CountsRefused", "KeyRefused", "LotteryRefused", "ReplacementRefused"],
    "lottery.quota_files": ["read_quotas", "write_quotas"],
    "lottery.quotas": ["Feature", "Provenance", "Quota", "QuotaPlan"],
    "lottery.randomness": ["UnfitSeed", "UnfitTemplate"],
    "lottery.receipts": ["Receipt"],
    "lottery.relaxing": [
        "FlexTooNarrow",
        "QuotaChange",
        "ReasonUnfit",
        "Relaxation",
        "smallest_relaxations",
    ],
    "lottery.replacement": ["read_freed", "replacement_problem"],
    "lottery.sortition_files": [
        "check_panels",
        "export_draw",
        "numbered_ids",
        "panels_table",
        "read_panels",
    ],
    "lottery.sources": ["RandomnessSource", "SourceSettings"],
    "lottery.strategy": ["SelectionStrategy", "StrategySettings"],
    "lottery.verification": ["Verification"],
    "lottery.wishes": ["Wishes", "read_wishes"],
    "mailroom": ["Mailroom", "Preview", "Released", "ReplyRefused"],
    "mapping": ["AgeGroups", "FeatureMapping", "FeatureSource", "read_mapping"],
    "moves": ["MoveRefused"],
    "notifications.channel": ["ChannelSettings", "NotificationChannel"],
    "notifications.message": ["Attachment", "Message", "DeliveryReceipt", "Outcome", "Recipient"],
    "occasions": ["Occasion"],
    "outbox": ["About", "MessageRefused", "MessageState", "OutgoingMessage"],
    "people": [
        "Actor",
        "Channel",
        "Compartment",
        "Consent",
        "EmailAddress",
        "Person",
        "PhoneNumber",
        "PostalAddress",
        "Purpose",
        "Role",
    ],
    "plugins.hookspecs": ["hookimpl"],
    "plugins.plugin": ["Plugin"],
    "procedure": ["Procedure", "PublishedRound"],
    "profiles": ["answers_counted", "applicants_of"],
    "registration": ["Entry", "Registration"],
    "replies": ["Reply", "open_reply", "reply_page", "send_reply", "sent_contact"],
    "reply_codes": ["Answer"],
    "reports.alternates_plot": ["plot_alternates"],
    "reports.assessment": ["QuotaAssessment", "assess_quotas"],
    "reports.chance_plots": ["plot_chances", "plot_lorenz"],
    "reports.comparison_plot": ["plot_comparison"],
    "reports.explaining": ["Explanation", "UnknownPerson", "explain"],
    "reports.panel_plot": ["plot_panel"],
    "reports.picture": ["Picture"],
    "reports.stages": ["NoStages"],
    "reports.stages_plot": ["plot_stages"],
    "retention": ["Milestone", "Retention", "RetentionPlan"],
    "rounds": ["Drawn"],
    "schemas": ["UnknownSchema", "schema", "schema_names"],
    "settings": ["PluginSettings", "Settings"],
    "storage.backend": ["BackendSettings", "StorageBackend", "Transaction"],
    "storage.copying": ["Copied"],
    "storage.errors": [
        "BodyAltered",
        "BodyErased",
        "JournalBroken",
        "MasterKeyRefused",
        "PurposeRefused",
        "RecordExists",
        "RecordUnfit",
        "StaleRecord",
        "StorageBusy",
        "StorageClosed",
        "StorageUnfit",
        "UnknownKind",
    ],
    "storage.journal": ["ChainedEntry", "JournalEntry", "prove_journal"],
    "storage.keys": ["KeyName", "KeyStore", "MasterKey", "MemoryKeyStore"],
    "storage.memory": ["MemoryBackend"],
    "storage.records": ["Record", "RecordKind"],
    "storage.sql.backend": ["SqlBackend"],
    "storage.sql.database": ["SqlDatabase"],
    "storage.sql.key_store": ["SqlKeyStore"],
    "storage.sql.transaction": ["SqlTransaction"],
    "storage.sqlite": ["SqliteBackend"],
    "storage.vault": ["Vault"],
    "writing": ["Post"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'mitwirkung' has no attribute {name!r}")
    value = getattr(import_module(f"mitwirkung.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME_OF])
