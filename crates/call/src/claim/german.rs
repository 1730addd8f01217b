//! The commonest ways to say in German that something is done.

use super::said::{
    Kind::{Deed as Done, State},
    Language, Phrase, phrases,
};
use crate::Deed::{Booked, Cancelled, Moved, Sent};

pub(super) const GERMAN: Language = Language {
    phrases: phrases! {
        Booked Done "habe|haben ich|wir = gebucht|eingetragen|reserviert|vereinbart"
        Booked Done "ich|wir habe|haben = gebucht|eingetragen|reserviert|vereinbart"
        Booked Done "ich|wir = gebucht|eingetragen|reserviert|vereinbart habe|haben"
        Booked Done "ich|wir konnte|konnten = buchen|eintragen|reservieren|vereinbaren"
        Booked Done "konnte|konnten ich|wir = buchen|eintragen|reservieren|vereinbaren"
        Booked State "ich|wir habe|haben = …termin|…buchung|…reservierung = bestätigt"
        Booked State "habe|haben ich|wir = …termin|…buchung|…reservierung = bestätigt"
        Booked State "…termin|…buchung|…reservierung = ist|wurde|steht = gebucht|eingetragen|bestätigt|reserviert|vereinbart"
        Booked State "…termin|…buchung|…reservierung = gebucht|eingetragen|bestätigt|reserviert|vereinbart ist|wurde"
        Booked State "ist|wurde = …termin|…buchung|…reservierung = gebucht|eingetragen|bestätigt|reserviert|vereinbart"
        Booked State "…termin steht = fest|kalender"
        Booked State "ihre|deine|beide = …termine = sind|wurden = gebucht|eingetragen|bestätigt|reserviert|vereinbart"
        Booked State "sie sind = gebucht|eingetragen"
        Booked State "sind sie = gebucht|eingetragen"
        Booked State "du bist = gebucht|eingetragen"
        Booked State "es|das ist|wurde = gebucht|eingetragen|bestätigt|reserviert"
        Booked State "^ ~ gebucht|eingetragen|reserviert $"
        Booked State "^ ~ …termin = gebucht|eingetragen|bestätigt $"
        Moved Done "ich|wir habe|haben = verschoben|verlegt|umgebucht"
        Moved Done "habe|haben ich|wir = verschoben|verlegt|umgebucht"
        Moved Done "ich|wir = verschoben|verlegt|umgebucht habe|haben"
        Moved Done "ich|wir habe|haben = …termin|…buchung = geändert"
        Moved Done "ich|wir konnte|konnten = verschieben|verlegen|umbuchen"
        Moved State "…termin|…buchung|…reservierung = ist|wurde = verschoben|verlegt|umgebucht|geändert"
        Moved State "…termin|…buchung|…reservierung = verschoben|verlegt|umgebucht|geändert ist|wurde"
        Moved State "ist|wurde = …termin|…buchung|…reservierung = verschoben|verlegt|umgebucht|geändert"
        Moved State "ihre|deine|beide = …termine = sind|wurden = verschoben|verlegt|umgebucht"
        Moved State "er|es ist|wurde = verschoben|verlegt|umgebucht"
        Cancelled Done "ich|wir habe|haben = abgesagt|storniert|gestrichen"
        Cancelled Done "habe|haben ich|wir = abgesagt|storniert|gestrichen"
        Cancelled Done "ich|wir = abgesagt|storniert|gestrichen habe|haben"
        Cancelled Done "ich|wir habe|haben = …termin|…buchung|…reservierung = gelöscht|entfernt|aufgehoben"
        Cancelled Done "ich|wir konnte|konnten = absagen|stornieren"
        Cancelled State "…termin|…buchung|…reservierung = ist|wurde = abgesagt|storniert|gestrichen|gelöscht"
        Cancelled State "…termin|…buchung|…reservierung = abgesagt|storniert|gestrichen|gelöscht ist|wurde"
        Cancelled State "ist|wurde = …termin|…buchung|…reservierung = abgesagt|storniert|gestrichen|gelöscht"
        Cancelled State "ihre|deine|beide = …termine = sind|wurden = abgesagt|storniert|gestrichen"
        Cancelled State "er|es|das ist|wurde = abgesagt|storniert"
        Sent Done "nachricht|bestätigung habe|haben ich|wir = geschickt|gesendet|gemailt|verschickt|weitergeleitet"
        Sent Done "ich|wir habe|haben = geschickt|gesendet|gemailt|verschickt|weitergeleitet"
        Sent Done "habe|haben ich|wir = geschickt|gesendet|gemailt|verschickt|weitergeleitet"
        Sent Done "ich|wir habe|haben = sms|email|mail|nachricht = geschrieben"
        Sent State "…nachricht|…bestätigung|sms|email|mail = ist|wurde = geschickt|gesendet|verschickt|weitergeleitet|raus"
    },
    fillers: &[
        "jetzt",
        "nun",
        "soeben",
        "eben",
        "gerade",
        "gleich",
        "auch",
        "schon",
        "erfolgreich",
        "hiermit",
        "also",
        "fest",
        "verbindlich",
        "so",
        "damit",
        "bereits",
        "wie",
        "gewünscht",
        "gern",
        "gerne",
        "ja",
        "gut",
        "super",
        "prima",
        "perfekt",
        "wunderbar",
        "okay",
        "ok",
        "alles",
        "klar",
        "fertig",
        "hier",
    ],
    objects: &[
        "sie",
        "ihnen",
        "dich",
        "dir",
        "euch",
        "ihren",
        "ihr",
        "ihre",
        "ihrem",
        "ihrer",
        "dein",
        "deinen",
        "deine",
        "deinem",
        "unseren",
        "unserem",
        "den",
        "der",
        "die",
        "das",
        "dem",
        "des",
        "einen",
        "eine",
        "einem",
        "ein",
        "es",
        "ihn",
        "diesen",
        "für",
        "am",
        "um",
        "auf",
        "im",
        "in",
        "ins",
        "zum",
        "zur",
        "mit",
        "bei",
        "beim",
        "per",
        "von",
        "vom",
        "an",
        "uhr",
        "…termin",
        "…buchung",
        "…reservierung",
        "kalender",
        "neuen",
        "neue",
        "eins",
        "zwei",
        "drei",
        "vier",
        "fünf",
        "sechs",
        "sieben",
        "acht",
        "neun",
        "zehn",
        "elf",
        "zwölf",
        "halb",
        "viertel",
        "nach",
        "vor",
        "mittag",
        "vormittag",
        "nachmittag",
        "abend",
        "früh",
        "nächsten",
        "nächste",
        "kommenden",
        "woche",
        "…zigsten",
        "ersten",
        "zweiten",
        "dritten",
        "vierten",
        "fünften",
        "sechsten",
        "siebten",
        "achten",
        "neunten",
        "zehnten",
        "elften",
        "zwölften",
        "…zehnten",
        "sms",
        "email",
        "mail",
        "bestätigung",
        "nachricht",
    ],
    things: &[],
    doubts: &[
        "nicht",
        "nie",
        "kein",
        "keine",
        "keinen",
        "nichts",
        "niemand",
        "kann",
        "könnte",
        "würde",
        "würden",
        "soll",
        "sollen",
        "werde",
        "werden",
        "wird",
        "möchten",
        "wollen",
        "wollten",
        "darf",
        "sagten",
        "sagte",
        "scheint",
        "noch",
        "hatte",
        "hatten",
        "sehe",
        "laut",
        "angeblich",
        "glaube",
        "denke",
        "hoffe",
        "prüfe",
        "wünschen",
    ],
    state_doubts: &[
        "leider",
        "bereits",
        "jeder",
        "jede",
        "ein",
        "schon",
        "noch",
        "dieser",
        "diese",
        "gestern",
        "automatisch",
        "immer",
        "alle",
        "alles",
    ],
    regrets: &["leider"],
    conditions: &["wenn", "falls", "sobald", "ob", "bevor", "nachdem", "sofern", "bis"],
    others: &["dass", "jemand", "andere", "anderen", "niemand"],
    vague: &["wenn", "falls", "sobald", "vorläufig", "damals", "gestern", "letzte", "letzten", "letztes"],
    provisos: &[&["sofern"], &["vorbehaltlich"], &["vorausgesetzt"], &["unter", "vorbehalt"], &["solange"]],
    tags: &[
        "richtig",
        "oder",
        "stimmt",
        "is",
        "korrekt",
        "ja",
        "nein",
        "nicht",
        "wahr",
        "okay",
        "ok",
        "gell",
        "ne",
        "recht",
        "so",
        "das",
        "ist",
        "es",
        "einverstanden",
    ],
    harmless: &[
        &["kein", "problem"],
        &["alles", "klar"],
        &["alles", "gut"],
        &["kann", "bestätigen"],
        &["kann", "ihnen", "bestätigen"],
        &["kann", "ihnen", "sagen"],
        &["kann", "ihnen", "mitteilen"],
        &["wie", "sie", "möchten"],
        &["wie", "sie", "wollten"],
    ],
    read_back: &[
        &["ist", "das", "richtig"],
        &["stimmt", "das"],
        &["soll", "ich"],
        &["passt", "das"],
        &["ist", "noch", "frei"],
        &["wäre", "frei"],
        &["wie", "wäre"],
        &["stattdessen"],
    ],
};
