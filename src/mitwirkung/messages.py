"""What errors, warnings and checks say: the English sentence of each code.

The sentence is the key under which other languages stand in the catalogues in `translations/`; they
are chosen at the edge, and handed on as a function from text to text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

Translate = Callable[[str], str]

TEXTS: dict[str, str] = {
    # whole inputs
    "input-refused": "{count} errors in the input, nothing was written:",
    # intake
    "file-missing": "There is no such file.",
    "file-unreadable": "The file cannot be read: {reason}.",
    "file-is-archive": (
        "This is an archive or a workbook that is not .xlsx (.ods); save the sheet as .xlsx or CSV."
    ),
    "file-is-old-workbook": (
        "This is an old workbook (.xls), or one with a password; save it as .xlsx without one."
    ),
    "workbook-broken": "The workbook cannot be read; open it and save it again as .xlsx.",
    "sheet-unknown": "There is no sheet {name!r}. There are: {available}.",
    "sheet-without-workbook": "A sheet is named, but only a workbook (.xlsx) has sheets.",
    "rows-hidden": "{count} hidden rows (filtered, say) were read like the others: {rows}.",
    "header-is-title": (
        "The row looks like a title or like groups of columns. Row {found} seems to name the "
        "columns: delete what stands above it."
    ),
    "cell-error": "The cell {cell} holds an error ({shown}); correct the formula.",
    "source-is-text": "A path was expected, but this is a text of several lines.",
    "encoding-unknown": "There is no text encoding {encoding!r}. Usual: {usual}.",
    "encoding-wrong": (
        "Line {line} is not {encoding}. The file may be {proposed}: name the encoding."
    ),
    "table-empty": "There is nothing in it; expected are named columns and at least one row.",
    "table-no-rows": "There is a header, but no row below it.",
    "rows-blank": "{count} blank rows were skipped: {rows}.",
    "row-short": "The row has {found} cells; the header has {expected}.",
    "row-long": (
        "The row has {found} cells; the header has {expected}. "
        "A cell that holds the separator has to stand in quotation marks."
    ),
    "row-quotes": (
        "The quotation marks do not match. A cell that begins with one has to end with one; "
        "inside the cell they are doubled."
    ),
    "row-not-object": "The line is not one whole JSON object with distinct keys.",
    "row-not-mapping": "The row is not a mapping of column names to cells.",
    "header-blank": "Column {position} has no name in the header.",
    "header-twice": "Columns {first} and {second} have the same name.",
    "header-is-data": (
        "The first row has to name the columns; it looks like an entry "
        "(its cells {positions} hold numbers or an address)."
    ),
    "column-twice": "The column is given twice in this row.",
    "cell-not-text": (
        "Allowed are texts, numbers, truth values and dates: one to a cell, nothing nested."
    ),
    "cell-not-exact": (
        "The number is too large to have come through exactly; pass such numbers as text."
    ),
    "cell-character": "There is a character that is no text (NUL or half of a pair).",
    "id-column-unknown": "There is no id column {name!r}. There are: {available}.",
    "id-column-none": ("No column holds the ids. Say which one does, or call it one of: {common}."),
    "id-column-several": "Several columns may hold the ids: {found}. Say which one does.",
    "id-blank": "The id is missing. Every row needs one.",
    "id-line-break": "The id has to stand on one line.",
    "id-twice": "The same id stands in row {first}. Every id may occur once.",
    "missing-column-unknown": (
        "There is no column {name!r} to declare missing answers for. There are: {available}."
    ),
    "missing-column-twice": "The missing answers of this column are declared twice.",
    "missing-policy-unknown": (
        "There is no policy {policy!r} for missing answers. There are: {available}."
    ),
    "person-twice": (
        "{count} rows may be the same person, they have equal {columns}: rows {rows}."
    ),
    # mapping
    "mapping-empty": "There is no feature in it: write a heading [features.NAME] for each.",
    "mapping-column-unknown": (
        "No column {column!r} for the feature {feature!r} of the mapping. There are: {available}."
    ),
    "mapping-column-unknown-nearest": (
        "No column {column!r} for the feature {feature!r} of the mapping; did you mean "
        "{nearest!r}? There are: {available}."
    ),
    "mapping-column-taken": (
        "The feature {feature!r} comes from the column {source!r}, but there is a column with"
        " its name. Name another feature, or rename that column."
    ),
    "mapping-value": "The mapping does not list this answer to {feature!r}. Listed: {listed}.",
    "mapping-value-nearest": (
        "The mapping does not list this answer to {feature!r}; the nearest one is "
        "{nearest!r}. Listed: {listed}."
    ),
    "birth-date-wrong": (
        "Not a date of birth. Write it as 1980-02-29 or 29.02.1980, with four digits for the year."
    ),
    "birth-year-wrong": "Not a year of birth. Write it with four digits, as in 1980.",
    "birth-in-future": (
        "The birth is later than {on}, the day on which people are as old as counts."
    ),
    "age-wrong": "Not an age. Write whole years, 0 to {oldest}.",
    "age-too-old": "That is older than {oldest} years.",
    "age-no-group": "The age belongs to no group. There are: {groups}.",
    # quotas
    "quota-columns": "The columns {missing} are missing. A file of quotas has one of: {dialects}.",
    "quota-value-blank": "The feature {feature!r} is given without a value.",
    "quota-number": "{found!r} is not a whole number. Allowed are 0, 1, 2, ...",
    "quota-number-blank": "The number is missing. Allowed are 0, 1, 2, ...",
    "quota-negative": "{found} is negative. Allowed are 0, 1, 2, ...",
    "quota-order": "The minimum {min} is greater than the maximum {max}.",
    "quota-min-flex": "The flexible minimum {min_flex} may be at most the minimum {min}.",
    "quota-max-flex": "The flexible maximum {max_flex} has to be at least the maximum {max}.",
    "quota-twice": "The value {value!r} of {feature!r} stands in row {first} too.",
    "quota-rows-without-feature": "{count} rows without a feature were skipped: {rows}.",
    "quotas-none": "There is no quota in it.",
    "population-columns": "The columns {missing} are missing. Expected are: {expected}.",
    "population-number": "{found!r} is no count. Allowed are whole numbers without separators.",
    "population-count": "The count of {value!r} is no number that is 0 or more.",
    "population-value-blank": "There is a value without a name.",
    "population-value-twice": "The value {value!r} is given twice.",
    "population-feature-blank": "There is a feature without a name.",
    "population-feature-twice": "The feature {feature!r} is given twice.",
    "population-zero": "The counts of {feature!r} add up to 0; there is nothing to share by.",
    "population-none": "There are no counts in it.",
    "apportionment-seats": "The number of seats is {seats!r}; it has to be a whole number above 0.",
    "apportionment-tolerance": (
        "The tolerance is {tolerance!r}; it has to be a whole number, 0 or more."
    ),
    "apportionment-method": "There is no rounding method {method!r}. There are: {available}.",
    # problem
    "seats-not-positive": "The number of seats is a whole number of at least 1, not {seats}.",
    "quotas-empty": "There are no quotas: name at least one feature with its values.",
    "feature-column-missing": (
        "No column for the feature {column!r} of the quotas. There are: {available}."
    ),
    "household-column-unknown": "No column {column!r} for households. There are: {available}.",
    "missing-policy-no-feature": (
        "A policy for missing answers names {column!r}, which is no feature of the quotas. "
        "Features: {available}."
    ),
    # wishes
    "wish-columns": (
        "The table of wishes needs the columns id, seat and reason; missing: {missing}."
    ),
    "wish-seat": "The seat is one of: {available}.",
    "wish-twice": "Something is declared about this person already, in row {first}.",
    "wish-both": "This person must and must not have a seat.",
    "wish-id-unknown": "Nobody with the id of entry {number} ({declared}) applied.",
    "wish-reason-blank": "Entry {number} ({declared}) has no reason; it is published.",
    "wish-reason-line": "Entry {number} ({declared}): the reason is one line of text.",
    "must-too-many": "{count} people must have a seat, but there are {seats} seats.",
    "must-household": (
        "This person must have a seat, and so must another of the household, of which at most one "
        "is seated. Let households be seated together, or decide for one of them."
    ),
    "companions-column-unknown": "No column {column!r} for companions. There are: {available}.",
    "companions-both": (
        "These companions are seated all or none, but one of them must and another must not have "
        "a seat."
    ),
    "companions-too-many": ("{count} people are seated all or none, but there are {seats} seats."),
    "companions-household": (
        "This person has a companion and lives with others who applied, but of a household at most "
        "one is seated. Let households be seated together, or leave the companion out."
    ),
    "companion-alone": (
        "{count} people name a companion in {column!r} who did not apply, or who was refused; "
        "they are treated as single people."
    ),
    "household-rule-no-columns": (
        "Households are to be seated together, but no columns make an address."
    ),
    "answer-not-allowed": "Not an answer that the quotas know. Allowed: {allowed}.",
    "answer-missing": (
        "The answer is missing. Allowed: {allowed}. Ask for it, or declare what a missing answer "
        "of {feature!r} means: 'own value' (it counts as an answer of its own) or "
        "'unconstrained' (it counts for no quota)."
    ),
    "household-incomplete": (
        "{count} applicants left a part of their address ({columns}) blank; "
        "they are treated as living alone."
    ),
    "population-no-feature": (
        "The population counts {found}; none of it is a feature of the quotas. There are: "
        "{available}."
    ),
    # facts, key, seed
    "toml-unreadable": "Not a readable TOML file: {reason}.",
    "toml-not-utf8": "The file is not UTF-8; save it as UTF-8.",
    "key-unknown": "There is no key {key!r}. There are: {available}.",
    "key-unknown-nearest": (
        "There is no key {key!r}; did you mean {nearest!r}? There are: {available}."
    ),
    "key-missing": "{key} is missing.",
    "key-wrong": "{key}: {reason}.",
    "key-whole-number": "{key}: write a whole number.",
    "key-at-least": "{key}: write a number of at least {ge}.",
    "key-at-most": "{key}: write a number of at most {le}.",
    "key-text": "{key}: write a text in quotation marks.",
    "key-truth": "{key}: write true or false.",
    "key-list": "{key}: write a list in square brackets.",
    "key-table": "{key}: write keys and values below a heading of their own.",
    "key-choice": "{key}: write one of {expected}.",
    "key-not-secret": (
        "{key} comes from the environment, but it is no secret: write its value here. "
        "Secrets alone come from there."
    ),
    "key-in-the-open": (
        "{key} is a secret, so it does not stand in the settings: "
        'write {{ "$env" = "NAME" }} and set that variable of the environment.'
    ),
    "env-unset": "{key}: the environment variable {variable} is not set.",
    "env-form": '{key}: a secret is written {{ "$env" = "NAME" }}, and nothing beside it.',
    "section-unknown": "[{section}]: there is no {name!r}. There are: {available}.",
    "section-unknown-nearest": (
        "[{section}]: there is no {name!r}; did you mean {nearest!r}? There are: {available}."
    ),
    "key-too-short": "The key file holds {found} bytes; it needs at least {needed}.",
    "counts-do-not-add-up": (
        "Received less refused, merged and late leaves {expected} people, but the pool has {pool}."
    ),
    "seed-blank": "A seed is a text without blanks at its ends.",
    "seed-control-character": "A seed is one line without control characters.",
    "template-no-placeholder": (
        "The template {template!r} has no placeholder: write {{numbers 6 of 1-49}} or {{digits 7}}."
    ),
    "template-brace": (
        "In the template {template!r} a brace is no placeholder: "
        "write {{numbers 6 of 1-49}} or {{digits 7}}."
    ),
    "template-control-character": (
        "The template {template!r} has blanks at its ends, or control or invisible characters: "
        "no seed can be worded so."
    ),
    "template-adjacent": (
        "In the template {template!r} two placeholders follow each other: "
        "write something between them."
    ),
    "template-outcomes-panels": (
        "The template {template!r} has {outcomes} outcomes. With {panels} numbered panels it needs "
        "as many, one for each (one ball, digits or dice), or at least {needed}, to be hashed."
    ),
    "given-up-reason": "An attempt is given up with a reason: one line that says why.",
    "attempt-given-up": (
        "The lottery in {folder} was given up ({file}): nothing is drawn or changed there. "
        "Make the next attempt in another folder."
    ),
    "source-unknown": "There is no source of randomness {name!r}. There are: {available}.",
    "source-unknown-nearest": (
        "There is no source of randomness {name!r}; did you mean {nearest!r}? There are: "
        "{available}."
    ),
    "source-settings": "The source of randomness {name!r} cannot work with these settings:",
    "source-failed": "The source of randomness {name!r} of {plugin} failed with {error}.",
    "source-one": (
        "{key}: write a text, or one source with its settings, such as "
        '{{ digits = {{ event = "...", count = 7 }} }}.'
    ),
    "source-incomplete": "{key} names a source of randomness; then state also: {missing}.",
    "seed-does-not-fit": (
        "The seed has not the wording that the lottery fixed: {template!r}, or {fallback!r} if "
        "there was no such draw in time."
    ),
    "drawn-digits": "There are {given} digits where {count} are asked for.",
    "drawn-no-number": "Entry {place} of what was drawn is no number.",
    "drawn-outside": "{number} cannot have been drawn: the numbers go from {low} to {high}.",
    "drawn-too-few": "{given} numbers are too few for the template {template!r}.",
    "drawn-too-many": (
        "{given} numbers are too many for the template {template!r}: it asks for {count}."
    ),
    "drawn-twice": "{number} was drawn twice, where all numbers differ.",
    "seed-without-template": (
        "The lottery fixed no wording of the seed; name the whole text of the seed."
    ),
    "panels-count": "There can be {least} to {most} numbered panels, not {found}.",
    "template-few-outcomes": (
        "The template {template!r} has {outcomes} outcomes; it needs {needed}, "
        "so that nobody can try them all beforehand."
    ),
    "text-line-break": "A line break is not allowed in a text that is hashed ({tag}).",
    "text-not-unicode": "A text holds half a character (a lone surrogate) and cannot be written.",
    # feasibility
    "applicants-too-few": "{seats} seats cannot be filled: there are {pool}.",
    "pool-people": "{people} people in the pool",
    "pool-people-households": (
        "{people} people in the pool, of whom at most {seatable} can be seated, one per household"
    ),
    "pool-refused": (
        "The pool is without {refused} people who applied: they are refused, or cannot be seated "
        "beside somebody else."
    ),
    "quotas-infeasible": (
        "No panel of {seats} people can meet all quotas. These cannot be met together:"
    ),
    "clash-min": "{feature}: {value}: at least {limit} seats ({pool})",
    "clash-max": "{feature}: {value}: at most {limit} seats ({pool})",
    "clash-household": "at most one seat per household",
    "replacement-loosened": (
        "Whoever is left cannot meet what is missing; loosened as little as possible: {feature}: "
        "{value}: {min} to {max} became {new_min} to {new_max}."
    ),
    "replacement-unfilled": (
        "{free} seats are free, and {people} people are left who can have one: {unfilled} seats "
        "stay empty."
    ),
    "replacement-chain": (
        "The draws do not follow each other: name the first one, then its replacements in order."
    ),
    "replacement-event": (
        "A replacement is a lottery of the same event: "
        "leave it out of the facts, or state {event!r}."
    ),
    "freed-columns": (
        "The table of those who gave up a seat needs the columns id and reason; missing: {missing}."
    ),
    "freed-twice": "This person is listed already, in row {first}.",
    "freed-not-seated": "This person has no seat that could fall free.",
    "freed-reason-blank": "The reason is missing; it is published.",
    "dropout-rate": (
        "A drop-out rate is a number from 0 to 1, such as 0.1 or 1/10; the common one is above 0."
    ),
    "dropout-columns": "The table of drop-out rates needs the columns feature, value and rate.",
    "dropout-unknown": (
        "A drop-out rate is stated for an answer that no quota knows. Features: {available}."
    ),
    "alternates-number": "{number} alternates cannot be drawn: {most} people are left.",
    "alternates-companions": (
        "Exactly {number} alternates cannot be drawn: too few who are left come alone, and "
        "companions stand by all or none. Choose another number."
    ),
    "freed-nobody": "Nobody gave up a seat, so there is nothing to fill.",
    "clash-must": "a seat for everybody who must have one",
    "clash-whole": "Fractions of people would meet them; whole people cannot.",
    "clash-advice": "Change at least one of them (features: {features}), or find more applicants.",
    # relaxation of quotas
    "relax-min": "{feature}: {value}: at least {after} instead of {before} seats ({pool})",
    "relax-max": "{feature}: {value}: at most {after} instead of {before} seats ({pool})",
    "relax-beyond": "beyond {column} {flex}",
    "flex-too-narrow": (
        "No change within min_flex and max_flex makes a panel of {seats} people possible. "
        "The smallest change beyond them:"
    ),
    "relax-reason": "Say in one line of text why the quotas are changed: it is published.",
    "lottery-stopped": "Stopped before anything was proven about the lottery.",
    "lottery-stopped-bound": (
        "Stopped before the lottery was made. Proven so far: "
        "no lottery gives everybody a chance above {bound}."
    ),
    "optimum-not-proven": "No lottery was made, because its optimum is not proven: {reason}.",
    # files and folders
    "folder-occupied": (
        "{folder} already holds other content ({names}). Choose another folder, or say --force."
    ),
    "drawn-already": (
        "In {folder} stands a draw with another seed, and it stays. To draw again give it up with "
        "a reason (mitwirkung give-up), and make the next attempt in another folder."
    ),
    "folder-is-file": "{folder} is a file, not a folder.",
    "folder-not-empty": "{folder} is not empty. Choose another folder.",
    "lottery-file-missing": "There is no {file} in {folder}.",
    "files-do-not-fit": "The files of the lottery do not belong together: {reason}.",
    "lottery-refused": "The lottery of strategy {name!r} cannot be published: {reason}.",
    "file-wrong": "{file} is not a file of this format: {reason}.",
    "file-not-canonical": "{file} is not canonical JSON: its bytes were changed after it was made.",
    "schema-unknown": "There is no schema {name!r}. There are: {available}.",
    "schema-unknown-nearest": (
        "There is no schema {name!r}; did you mean {nearest!r}? There are: {available}."
    ),
    # files of other tools
    "panels-differ": "The header names {panels} panels, but there are {rows} rows below it.",
    "panel-unknown": "Panel {panel}: {count} members are not among the applicants.",
    "panel-twice": "Panel {panel}: {count} members are listed more than once.",
    "panel-household": "Panel {panel}: {count} members live with another member.",
    "panel-companions": "Panel {panel}: {count} groups of companions are only partly seated.",
    "panel-must": "Panel {panel}: {count} people who must have a seat have none.",
    "panel-size": "Panel {panel} has {found} members, not {seats}.",
    "panel-quota": "Panel {panel}: {feature}: {value}: {found} seats; the quota is {min} to {max}.",
    "export-column-unknown": "There are no columns {columns}. There are: {available}.",
    # verification
    "check-lottery-form": "lottery.json is well-formed",
    "check-record-form": "record-public.json is well-formed",
    "check-private-form": "lottery-private.json is well-formed",
    "check-private-record-form": "record.json is well-formed",
    "check-commitment": "lottery.json is the file that was published before the draw",
    "check-pool": "the pool and its digest",
    "check-classes": "classes and lots",
    "check-vectors": "vectors and weights",
    "check-chain-missing": (
        "this is attempt {attempt}: the attempts before are not checked, as they were not given; "
        "the last one has the digest {previous}"
    ),
    "check-attempt": "attempt {attempt} is in order, and was given up with a reason",
    "check-attempt-unreadable": "an earlier attempt can be read",
    "check-attempts-single": "no two lotteries or draws of one attempt",
    "check-chain": "each attempt names the one before, back to the first",
    "check-given-up": "the attempt counts",
    "check-panels": "the numbered panels",
    "check-numbered": (
        "the {panels} numbered panels seat people, and keep what is promised; "
        "no chance differs from the exact one by more than {deviation}"
    ),
    "check-panels-again": "the numbered panels are those that the vectors make",
    "check-panels-other": (
        "made again with numpy {here} instead of {there}, the numbered panels are others: the work "
        "of another version, or of somebody who chose. NOT decided; no chance differs from the "
        "exact one by more than {deviation}"
    ),
    "check-chance-panels": (
        "the chance: position {position} of the lot is on this share of the {panels} panels: "
        "{chance}"
    ),
    "check-facts": "facts, quotas and strategy",
    "check-draw": "the draw: number, vector and every seat follow from the lottery and the seed",
    "check-seed-fallback": (
        "the seed is of the FALLBACK, which counts only if nothing was drawn until {latest}; "
        "that is NOT checked"
    ),
    "check-token": "the token is in the pool",
    "check-token-class": "the token is in the pool: class {number}, which has {lots} lots",
    "check-leaf": "it is there with these answers",
    "check-positions": "the positions on the receipt",
    "check-chance": "its chance of a seat was {chance}",
    "check-chance-between": (
        "its chance of a seat was between {low} and {high}: that depends on the position, "
        "and the receipt names none"
    ),
    "check-chance-at-positions": (
        "its chance of a seat was {chance}, at the positions that the receipt names"
    ),
    "check-no-seat": "the lot has no seat",
    "check-my-seat": "it has a seat (position {position})",
    "check-lot-seat": "the lot has a seat (position {position}); a mate may hold it",
    "check-inputs": "applications and quotas are those of the lottery",
    "check-private-fields": "every field of lottery-private.json fits",
    "check-key": "the tokens are made with the key",
    "check-key-missing": "which id has which token is NOT checked: give the key file",
    "check-lottery-of-people": "lottery.json follows from the people: pseudonyms, classes, quotas",
    "check-quotas": "every vector meets all quotas",
    "check-certificate": "the certificate proves the optimum: {promise} (gap {gap})",
    "check-private-record": "record.json follows from the lottery and the seed",
    "check-replaces": "it fills the seats that fell free in the draws before; nobody twice",
    "check-replaces-missing": (
        "the draws whose seats it fills are NOT checked: they were not given (--before)"
    ),
    "check-replacement": "pool, quotas and tokens follow from the draws before",
    "check-replacement-missing": (
        "what follows from the draws before is NOT checked: their private files are missing"
    ),
    "check-alternates-other": (
        "made again, other alternates came out: with other software or on another machine that can "
        "be, so it is NOT decided whether somebody chose them"
    ),
    "check-key-issued": "the tokens were given to the applicants one by one; NOT checked here",
    "check-key-before": "the tokens are those of the lottery before; NOT checked here",
    "check-wishes": "seats that are given or refused in any case are so, and counted by reason",
    "check-quotas-not-promised": ("quotas are NOT checked: the strategy does not promise them"),
    "check-portfolio": "made again, the lottery is the same: nobody chose among its like",
    "check-portfolio-other": (
        "made again, the lottery is another one with the same chances: the work of another "
        "machine or version, or of somebody who chose. NOT decided"
    ),
    "check-portfolio-version": (
        "this version of the strategy makes other lotteries: whether somebody chose is NOT decided"
    ),
    "check-private-record-missing": "record.json is not there and NOT checked",
    "check-tables": "the tables are those of the draw ({names})",
    "verified-anchored": "Verified at the {level} level, anchored.",
    "verified-not-anchored": (
        "Verified at the {level} level: consistent, not anchored "
        "(give the commitment that was published before the draw)."
    ),
    "verified-not": "NOT verified ({level} level).",
    "verified-skipped": "What is marked [--] was left out.",
    "verified-committed": "The wording of the seed was fixed beforehand (committed).",
    "verified-uncommitted": "The wording of the seed was not fixed beforehand (uncommitted).",
    "check-portfolio-no-strategy": (
        "the strategy {name!r} cannot be used here, so the lottery is NOT made again"
    ),
    # plugins
    "plugin-not-module": (
        "The plugin {plugin} names {value!r}; an entry point has to name a module, "
        "without a colon behind it."
    ),
    "plugin-import": "The plugin {plugin} cannot be imported: {error}.",
    "plugin-hook-unknown": (
        "The plugin {plugin} implements {hook!r}, which is no hook. There are: {available}."
    ),
    "plugin-hook-unknown-nearest": (
        "The plugin {plugin} implements {hook!r}, which is no hook; "
        "did you mean {nearest!r}? There are: {available}."
    ),
    "plugin-hook-arguments": "The plugin {plugin} cannot be registered: {error}.",
    "plugin-without-hook": (
        "The plugin {plugin} implements no hook; mark its functions with @hookimpl. "
        "There are: {available}."
    ),
    "plugin-hook-raised": "The hook {hook} of the plugin {plugin} failed: {error}.",
    "plugin-hook-result": (
        "The hook {hook} of the plugin {plugin} has to return a list of classes: {reason}."
    ),
    "plugin-blocked": "The plugin {plugin} is blocked by {by}.",
    "plugin-name-taken": "{name!r} is registered by {owners}; it stays with {keeper}.",
    "plugin-name-twice": (
        "{name!r} is registered by {owners}. Block all of them but one, or remove them."
    ),
    # strategies
    "strategy-unknown": "There is no selection strategy {name!r}. There are: {available}.",
    "strategy-unknown-nearest": (
        "There is no selection strategy {name!r}; did you mean {nearest!r}? There are: {available}."
    ),
    "strategy-unknown-plugins": (
        "These plugins may have it but are not active: {plugins}. "
        "The command 'mitwirkung plugins' says why."
    ),
    "strategy-settings": "The settings of strategy {name!r} are not right:",
    "strategy-settings-public": (
        "The settings of a strategy are published as whole numbers, texts, lists and tables: "
        "{reason}."
    ),
    "strategy-refused": "Strategy {name!r} refuses: {reason}.",
    "strategy-failed": (
        "Strategy {name!r} of {plugin} failed with {error}; that is a fault of the strategy. "
        "No lottery was made."
    ),
    "pots-features-missing": "Name the features of the pots in 'features'. There are: {available}.",
    "pots-feature-unknown": "features: {unknown} is no feature. There are: {available}.",
    "pots-feature-twice": "features: one is named twice.",
    "strategy-households": (
        "Strategy {name!r} cannot keep households apart; leave out the household columns "
        "or choose another strategy."
    ),
    "strategy-wishes": (
        "Strategy {name!r} cannot seat companions together, nor somebody in any case; "
        "choose another strategy."
    ),
    "simple-companions": (
        "Strategy {name!r} cannot give all lots the same chance: "
        "too few single people applied to fill up beside companions."
    ),
    # new plugins
    "new-plugin-name": (
        "{name!r} cannot be the name of a plugin. Use lowercase letters a to z, digits and single "
        "hyphens between them, and begin with a letter: 'seats-by-district'."
    ),
    "new-plugin-taken": "{name!r} is taken, as are {taken}. Choose another name.",
    "new-plugin-kind": "There is no kind of plugin {kind!r}. There are: {available}.",
    # storage
    "backend-unknown": "There is no storage backend {name!r}. There are: {available}.",
    "backend-unknown-nearest": (
        "There is no storage backend {name!r}; did you mean {nearest!r}? There are: {available}."
    ),
    "backend-settings": "The storage backend {name!r} cannot work with these settings:",
    "backend-failed": "The storage backend {name!r} of {plugin} failed with {error}.",
    # notification channels
    "channel-unknown": "There is no notification channel {name!r}. There are: {available}.",
    "channel-unknown-nearest": (
        "There is no notification channel {name!r}; did you mean {nearest!r}? "
        "There are: {available}."
    ),
    "channel-settings": "The notification channel {name!r} cannot work with these settings:",
    "channel-failed": "The notification channel {name!r} of {plugin} failed with {error}.",
    # templates of messages
    "template-unfit": "The message {kind!r} cannot be written in {language!r}:",
    "template-missing": "There is no template for {kind!r}: not in {language!r}, nor instead.",
    "template-syntax": "Line {line} cannot be read as a template: {reason}.",
    "template-not-utf8": "The template is not UTF-8. Save it again with that encoding.",
    "template-part-missing": "The template builds on {part!r}, and that is not there.",
    "template-undeclared": (
        "The template uses {names} and does not say so. "
        "Name them in its head, or correct what is misspelt: {{# needs: ... #}}"
    ),
    "template-without-subject": (
        "The template has no subject: {{% block subject %}}...{{% endblock %}}"
    ),
    "template-placeholder": "The template needs {names}; this message has no such thing.",
    "template-undefined": (
        "The template asks for something that is not there: a misspelt name, or a part that a "
        "value does not have."
    ),
    "template-broken": "The template broke off with {error}.",
    # channels that ship: what became of an attempt
    "folder-unwritable": "The message could not be written into the folder: {reason}.",
    "channel-wrong-contact": "The channel does not serve this kind of contact.",
    "call-list-unwritable": "The call could not be put on the list: {reason}.",
    "smtp-later": "The mail server took it not yet (step {step}, status {status}).",
    "smtp-refused": "The mail server refused it (step {step}, status {status}).",
    "smtp-sender-refused": (
        "The mail server refuses mails from the address in the settings (status {status}). "
        "It is set in [notifications.email]."
    ),
    "smtp-lost": "The connection to the mail server was lost before the mail went out.",
    "smtp-lost-after-data": (
        "The connection to the mail server was lost while the mail went out; nobody knows "
        "whether it was taken."
    ),
    "smtp-without-utf8": (
        "The address has letters that the mail server cannot take (it has no SMTPUTF8)."
    ),
    "email-address-unfit": "The domain of the address cannot be one.",
    "smtp-certificate": (
        "The certificate of the mail server {host}:{port} does not prove who it is ({reason}). "
        "No mail and no password was sent. Check host and authorities in [notifications.email]."
    ),
    "smtp-login": (
        "The mail server {host}:{port} refuses user and password (status {status}). "
        "They are set in [notifications.email]."
    ),
    "smtp-unsupported": (
        "The mail server {host}:{port} offers no encryption by STARTTLS, or no login. "
        "Check security and port in [notifications.email]."
    ),
    "smtp-unavailable": "The mail server {host}:{port} cannot serve now (status {status}).",
    "smtp-tls": (
        "No encrypted connection with the mail server {host}:{port}. Check security and port in "
        "[notifications.email]."
    ),
    "smtp-authorities": (
        "The file with authorities for the mail server {host}:{port} is not there. It is set in "
        "[notifications.email]."
    ),
    "smtp-unreachable": "The mail server {host}:{port} cannot be reached.",
    # outcomes of calls
    "outcomes-column": "There is no column {name!r}. There are: {available}.",
    "outcome-unknown": "There is no such outcome. There are: {available}.",
    "outcome-without-key": "An outcome without the key of its message.",
    "outcome-twice": "The call has an outcome in row {first} already.",
    # records
    "record-name": (
        "{name!r} cannot be the name of a kind of record or of an index field. Use lowercase "
        "letters a to z, digits and _, at most 40, and begin with a letter."
    ),
    "record-kind-unknown": "There is no kind of record {kind!r}. Declared are: {available}.",
    "record-field-unknown": (
        "Records of the kind {kind!r} have no index field {field!r}. Declared are: {available}."
    ),
    "record-index": (
        "A record of the kind {kind!r} needs a value, or None, for each index field of its "
        "kind and no other: {expected}."
    ),
    "record-index-value": (
        "The index field {field!r} holds a text without NUL, a whole number of 64 bits, or None."
    ),
    "record-text": (
        "The event and the key of a record are texts: not empty, without NUL and half pairs."
    ),
    "record-body": "The body of a record of the kind {kind!r} has to be bytes.",
    "record-version": "The version of a record of the kind {kind!r} is a whole number from 1 on.",
    "record-other-event": (
        "A record of the kind {kind!r} belongs to another event than {event!r}, that of the "
        "transaction."
    ),
    "record-exists": "A record of the event {event!r} with this kind and key is there already.",
    "record-stale": (
        "A record of the kind {kind!r} of the event {event!r} was changed or removed since "
        "it was read. Read it again, and decide again."
    ),
    "transaction-over": "The transaction is over; nothing can be read or changed in it any more.",
    "transaction-nested": (
        "This thread is in a transaction already; end it before the next one begins."
    ),
    "storage-closed": "The storage is not open.",
    "storage-busy": "The storage was held by others for more than {seconds} seconds. Try again.",
    "storage-lost": "The connection to the storage was lost. Nothing was changed: try again.",
    "storage-in-doubt": (
        "The connection to the storage was lost at the very end: whether the step was done is "
        "not known. Repeat it: what was done already stays as it is."
    ),
    "storage-unreachable": (
        "The storage was not reached for {seconds} seconds. See that its server runs, and try "
        "again."
    ),
    "storage-connections": (
        "All {connections} connections to the storage were in use for more than {seconds} "
        "seconds. Try again, or allow more of them in the settings."
    ),
    "storage-slow": (
        "A query took the storage longer than {seconds} seconds and was stopped. Nothing was "
        "changed: try again."
    ),
    "storage-clash": (
        "Another change of the same things came in between. Nothing was changed: try again."
    ),
    "storage-login": (
        "The server of the storage refuses the connection. Look at server, database, user, "
        "password and certificates in the settings; the server's log says which it is."
    ),
    "storage-not-allowed": (
        "The user of the storage may not do this. A new schema or version is brought in by the "
        "user that owns the tables; what the others need is granted by it."
    ),
    "storage-encoding": "The database of the storage is encoded in {encoding}. Make one in UTF8.",
    "storage-server": "The server of the storage cannot do this now: {reason}. Its log says more.",
    "record-too-long": (
        "A key, a name or an index value of a record is too long for the storage; keep them "
        "below 800 characters."
    ),
    "copy-keys": (
        "The storage that is copied to has other keys already. Copy into an empty one, before "
        "mitwirkung is used with it."
    ),
    "copy-differs": (
        "The event {event!r} is not the same in both storages. Empty the one that is copied to, "
        "see that nobody works with the other, and copy again."
    ),
    "storage-file": "{file} cannot be used as storage: {reason}.",
    "storage-newer": (
        "The storage was written by a newer version of mitwirkung (its schema is "
        "{revision}). Update mitwirkung."
    ),
    "storage-other-program": "The database holds tables of another program; name another file.",
    "journal-gap": (
        "The journal of {event!r} is broken: entry {number} does not follow the one before."
    ),
    "journal-changed": "The journal of {event!r} is broken: entry {number} was changed.",
    "journal-rewritten": (
        "The journal of {event!r} is not the one of the public record: entry {number} has "
        "another hash than was printed."
    ),
    "journal-cut": (
        "The journal of {event!r} is not whole: it ends before entry {number}, whose hash "
        "was printed."
    ),
    "master-key-missing": (
        "There is no master key, which protects the keys of personal data. Make one (openssl "
        "rand -hex 32), keep it where the storage and its backups are not, and name its "
        'environment variable in the settings: [storage] master_key = {{ "$env" = '
        '"MITWIRKUNG_MASTER_KEY" }}.'
    ),
    "master-key-unfit": (
        "The master key has to be 64 hexadecimal digits at random, as from: openssl rand -hex 32."
    ),
    "master-key-other": (
        "This is not the master key with which the keys of this storage were protected. Set "
        "the one that was used before; without it nothing can be read."
    ),
    "body-altered": (
        "The body of a record of the kind {kind!r} of the event {event!r} is not what was "
        "sealed for it."
    ),
    "body-erased": (
        "The key of a record of the kind {kind!r} of the event {event!r} was destroyed; "
        "nobody can read it any more."
    ),
    "compartment-unknown": "{kind!r} is no compartment of personal data. There are: {available}.",
    "purpose-refused": (
        "The compartment {kind!r} does not open for the purpose {purpose!r}. It opens for: "
        "{allowed}."
    ),
    # pictures
    "extra-missing": (
        "This needs {packages}. The extra {extra!r} brings it: pip install 'mitwirkung[{extra}]'."
    ),
    "person-unknown": "There is nobody with this id among the {people} people of the lottery.",
    "no-stages": (
        "This lottery has no stages: only a lottery by leximin, with its certificate, has them."
    ),
    "picture-suffix": "A picture cannot be saved as {suffix!r}. It can be: {available}.",
    # events and applications
    "move-illegal": "{state} cannot become {to}. From {state} it can become: {legal}.",
    "move-from-end": "{state} cannot become {to}: it is the end, nothing follows.",
    "move-without-reason": "Say why: this is decided by somebody, so its reason is recorded.",
    "move-not-own": "{to} is not for applicants to say. They can say: {legal}.",
    "move-without-channel": "Say how the person told it. Channels: {legal}.",
    "move-without-offer": "A seat is offered until a day: name the offer.",
    "move-with-offer": "An offer belongs to a seat, and {to} is none.",
    # messages to people, and their answers
    "channels-none": "No channel is set up on which messages could go out.",
    "message-unknown": "There is no message of this key.",
    "message-of-nobody": "The person of this message was erased.",
    "message-without-way": "There is no way to the person among the channels that are in use.",
    "message-not-waiting": "Only a message that waits is released; this one is {state!r}.",
    "message-not-due": "A message is sent when it is released and due; this one is {state!r}.",
    "message-not-taken": "This dispatcher has no attempt at the message; it is {state!r}.",
    "message-not-sent": "Only what was sent comes back; this message is {state!r}.",
    "message-not-by-staff": (
        "This message follows from a step of the procedure. By hand there are: {legal}."
    ),
    "message-field-unknown": "The form has no such field. There are: {available}.",
    "message-unwritable": "The message could not be written ({reason}).",
    "channel-broke": "The channel broke off ({reason}); nobody knows whether it went out.",
    "channel-unopened": "The channel could not be opened ({reason}); nothing went out.",
    "contact-erased": "How to reach the person is erased; nothing can be changed any more.",
    "reply-unknown": "Nobody has this code. Please compare it with the letter or the e-mail.",
    "reply-code-wrong": (
        "A letter of the code is wrong, or two changed places. It has ten, without 0, 1, I, L, O."
    ),
    "reply-too-often": "Too many wrong codes were tried. It goes on at {until}.",
    "reply-over": "The offer is over, or another one took its place; there is nothing to answer.",
    "offer-over": "The offer ended with {until}.",
    "offer-runs": "The offer holds until the end of {until}; until then it does not expire.",
    "receipt-in-future": "The date of receipt lies in the future.",
    "receipt-of-web": (
        "What comes over the web is received when it is sent; only paper, calls and visits have a "
        "date of receipt."
    ),
    "deadline-over": "The deadline {deadline} is over; name a later one.",
    "deadline-ahead": (
        "Applications are open until the end of {deadline}, as was announced. They close after it."
    ),
    "extension-too-late": "{state}: the deadline stays. It can be extended while: {legal}.",
    "extension-not-later": "The new deadline has to be later than {deadline}.",
    "extension-past-event": "The new deadline has to be before the event begins on {begins}.",
    "decision-too-late": (
        "{state}: it is too late to decide on too few applications. It can be decided while: "
        "{legal}."
    ),
    "decision-without-groups": "Outreach names at least one group that is missing.",
    "decision-without-deadline": "To extend, name the new deadline.",
    "decision-before-closing": (
        "{state}: everyone can be seated only when applications are closed."
    ),
    "decision-too-many": "{eligible} people can be drawn, but there are {seats} seats: draw lots.",
    "application-too-early": "{state}: applications are not open yet.",
    "application-too-late": "The deadline was {deadline}; this came in after it.",
    "application-closed": (
        "Applications are closed since {deadline}. Only what came in time on paper, by phone or "
        "at the desk can be entered now."
    ),
    "application-settled": (
        "{state}: who takes part in the lottery is settled; nothing can be entered any more."
    ),
    "merge-of-one": "To merge, name two or more applications to the same event.",
    "merge-too-late": "{state}: this can no longer be merged. It can be while: {legal}.",
    "merge-keeps-none": "The application to keep is none of those that are merged.",
    # the procedure of an event
    "fill-unknown": "--fill names no column of the form. It has: {available}.",
    "apply-column-missing": (
        "There is no column for {field!r}, which the form requires. Found: {found}."
    ),
    "event-unknown": "There is no event {name!r}.",
    "event-exists": "There is another event {name!r}. Give the new one a name of its own.",
    "event-changing": (
        "The event {event!r} was changed again and again while its lottery was made. Try again."
    ),
    "phase-needed": "The event is {state}. This can be done only while it is: {legal}.",
    "move-of-another": "Applicants speak for themselves only.",
    "move-of-staff": "Only staff can do that.",
    "application-by-staff": "What comes by letter, phone or at the desk is entered by staff.",
    "application-key-taken": "An application with other answers has this key already.",
    "application-key": (
        "This is no key of an application: 8 to 64 of A to Z, a to z, 0 to 9, - and _."
    ),
    "application-language": "This is no code of a language, as de and en are.",
    "application-companions": "Companions are named by the keys of other applications.",
    "reason-unfit": "A reason is published: write it in one line, without control characters.",
    "merge-keeps-merged": (
        "The application to keep was itself merged into another one. Admit it again first."
    ),
    "application-unknown": "There is no application of this key.",
    "eligibility-settled": (
        "Who takes part in the lottery is settled (the event is {state}); nobody is refused or "
        "admitted any more."
    ),
    "answers-missing": (
        "The answers of {count} people are gone while they can still be drawn; maybe an erasure "
        "was interrupted. Complete it first (erase --again)."
    ),
    "no-lottery-waits": "No lottery waits for its draw; the event is {state}.",
    "nothing-drawn": "Nothing was drawn yet that could be offered; the event is {state}.",
    "seed-exists": (
        "A lottery is published before its seed comes into being, and {earliest} is over. "
        "Name a later source of the seed."
    ),
    "fallback-too-early": (
        "The fallback counts only if there is no other seed until {latest}; that time is not over."
    ),
    "round-erased": "The private files of this lottery are erased; nobody knows whose lots it has.",
    "seed-other": "This lottery was drawn already, with the seed {seed!r}. A draw stays.",
    "seed-too-early": (
        "The lottery fixed that its seed comes into being from {earliest} on; it is too early."
    ),
    "no-seat-free": "No seat is free that could be filled.",
    "offer-first": "Offer the seats that were drawn first.",
    "offers-open": (
        "{count} offers are open. Wait for the answers, or let those expire that are over."
    ),
    "offers-made": "These seats are offered already, until {until}.",
    "offer-past-event": "A seat can be offered until the event ends on {ends} at the latest.",
    "replacements-over": "Seats that fall free are filled until {until}; that day is over.",
    "seat-filled": "A lottery for this seat is published already; it cannot be taken any more.",
    "seats-taken": "All {seats} seats are taken.",
    "document-answer": (
        "The answer of the city is one of the documents, a text in UTF-8. There are: {available}."
    ),
    "document-name": "{name!r} is no plain name of a file.",
    "document-nothing": "Name at least one document with the results.",
    "archive-not-empty": (
        "Personal data are still kept: {compartments}. Erase what is due first (erase --due); "
        "the file is closed when nothing is left."
    ),
    "quota-not-asked": (
        "The quotas count {feature!r}, but no question of the form has this feature. "
        "The form asks for: {available}."
    ),
    "quota-value-not-asked": (
        "{feature}: the quotas count {value!r}, but the form does not offer this answer. "
        "It offers: {available}."
    ),
    "withdrawn-seated": ("This person has a seat; who gives one up is named among those."),
    "audit-document": "The document {name!r} is not the one that the journal knows.",
    "audit-journal-unreadable": "The journal cannot be read: something else was written into it.",
    "audit-unknown": "{count} records ({kind}) are there that the journal does not know.",
    "audit-missing": "{count} records ({kind}) of the journal are not there any more.",
    "audit-changed": "{count} records ({kind}) are not as the journal left them.",
    "audit-heads-differ": "Two public files print different hashes of one entry of the journal.",
    # forms and answers
    "form-words-missing": "{key}: the words are missing in {languages}.",
    "form-field-twice": "{key}: there are two fields of this name.",
    "form-key-unused": "{key}: a field of the kind {kind} has no {unused!r}.",
    "form-options-few": "{key}: name at least two options.",
    "form-option-twice": "{key}: these options stand there twice: {values}.",
    "form-bounds-kind": "{key}: the minimum and maximum of a {kind} have to be of that kind.",
    "form-bounds-order": "{key}: the minimum is greater than the maximum.",
    "form-purposes-apart": (
        "{key}: {purposes} belong to different compartments, which are stored apart. Make it "
        "two fields."
    ),
    "form-feature-apart": (
        "{key}: {feature!r} is a feature of the lottery, so its purposes are selection, "
        "selection-report, replacement and group-balance alone."
    ),
    "form-feature-twice": "{key}: another field is the feature {feature!r} already.",
    "form-groups-without-feature": (
        '{key}: age groups need the feature that they are: write feature = "...".'
    ),
    "form-groups-wrong": "{key}: age groups: {reason}.",
    "form-covers-unknown": (
        "{key}: it covers {name!r}, which is no field that is asked. There are: {available}."
    ),
    "form-consent-forced": (
        "{key}: {name!r} is answered of one's own will, so its consent cannot be required."
    ),
    "form-consent-narrow": (
        "{key}: {name!r} is used for {purposes} too; the consent has to name these purposes."
    ),
    "form-consent-of-consent": "{key}: a consent needs no consent of its own.",
    "form-special-without-consent": (
        "{key}: a special category needs own_consent = true (GDPR, Art. 9)."
    ),
    "form-consent-required": (
        "{key}: what needs a consent of its own is voluntary: leave out required, or show it "
        "only to those who agree."
    ),
    "form-not-covered": (
        "{key}: there is no consent that covers it: add a field of the kind consent with "
        "covers = [{name!r}]."
    ),
    "form-condition-field": (
        "{key}: {name!r} is no choice, consent or question of yes and no before it. There are: "
        "{available}."
    ),
    "form-condition-value": "{key}: {name!r} cannot be answered like that. It can be: {available}.",
    "form-ready-unknown": "{key}: there is no ready field of this name. There are: {available}.",
    "form-ready-unknown-nearest": (
        "{key}: there is no ready field of this name; did you mean {nearest!r}? There are: "
        "{available}."
    ),
    "answer-unknown": "The form does not ask this. It asks: {available}.",
    "answer-unknown-nearest": (
        "The form does not ask this; did you mean {nearest!r}? It asks: {available}."
    ),
    "answer-needed": "Please answer this.",
    "answer-text": "Please write a text.",
    "answer-too-long": "Please write at most {max} characters.",
    "answer-lines": "Please write it on one line, without signs that cannot be printed.",
    "answer-control": "There is a character that cannot be printed; please write it again.",
    "answer-choice": "Please choose one of: {available}.",
    "answer-choices": "Please choose from: {available}.",
    "answer-choice-twice": "Please choose each one only once.",
    "answer-yes-no": "Please answer yes or no.",
    "answer-consent": "Without this consent the application cannot be taken.",
    "answer-date": "Please write a date, as 2020-09-27 or 27.09.2020.",
    "answer-number": "Please write a whole number.",
    "answer-at-least": "Please write {minimum} or more.",
    "answer-at-most": "Please write {maximum} or less.",
    "answer-contacts": "Please name ways to reach you: {available}.",
    "answer-contact-kind": "Please name each as one of: {available}.",
    "answer-email": "This is no e-mail address; it looks like name@example.org.",
    "answer-phone": "This is no telephone number; write digits, blanks and + / ( ) - alone.",
    "answer-part-missing": "{part} is missing.",
    "answer-part-wrong": "{part} cannot be read; write it on one line, not too long.",
    "answer-not-asked": "This is not asked after your answer to {field!r}; leave it blank.",
    "answer-without-consent": (
        "This is used only with your consent: {fields}. Give it, or leave this blank."
    ),
    "profile-missing": "There is no profile of this application; it may be erased.",
}


def unchanged(text: str) -> str:
    """English needs no translation."""
    return text


class Reason(str):
    """A sentence without a code that says why: English as a text, and sayable in other languages.

    Args:
        template: the English sentence with placeholders; the key of the catalogues.
        params: what stands in them. Whatever has a `describe` of its own is said in the language
            asked for.
    """

    template: str
    params: Mapping[str, Any]

    def __new__(cls, template: str, /, **params: Any) -> Self:
        self = super().__new__(cls, _filled(template, params, unchanged))
        self.template, self.params = template, params
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.template,), dict(self.params)

    def describe(self, translate: Translate = unchanged) -> str:
        """The sentence in the language of `translate`."""
        return _filled(self.template, self.params, translate)


_AS_IT_STANDS = "{error}"


def reason_of(error: Exception) -> Reason:
    """Why an error was raised; words that only the error has are not translated."""
    if hasattr(error, "describe"):
        return Reason(_AS_IT_STANDS, error=error)
    said = error.args[0] if error.args else None
    if isinstance(said, Reason):
        return said
    return Reason("an error came up: {detail}", detail=str(error) or type(error).__name__)


def said(reasons: Iterable[str], translate: Translate = unchanged) -> str:
    """Reasons one after the other; what is no `Reason` stays as it stands."""
    return "; ".join(str(_shown(reason, translate)) for reason in reasons)


def _shown(value: object, translate: Translate) -> object:
    """Lists read as `a, b, c` in a sentence, reasons as `a; b; c`; everything else stays."""
    if isinstance(value, (list, tuple)):
        if any(hasattr(item, "describe") for item in value):
            return said(value, translate)
        return ", ".join(str(item) for item in value)
    describe = getattr(value, "describe", None)
    return value if describe is None else describe(translate)


def _filled(template: str, params: Mapping[str, Any], translate: Translate) -> str:
    shown = {name: _shown(value, translate) for name, value in params.items()}
    return translate(template).format(**shown)


def text_of(code: str, params: Mapping[str, Any], translate: Translate = unchanged) -> str:
    """The sentence for a code in the language of `translate` (English without one).

    A code that is not ours stands for itself: a plugin may raise an error with a sentence.
    """
    if code not in TEXTS:
        return code
    return _filled(TEXTS[code], params, translate)
