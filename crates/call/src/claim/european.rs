//! The commonest ways to say that something is done in German, Spanish and French.

use super::{
    english::phrases,
    said::{
        Kind::{Deed as Done, State},
        Language, Phrase,
    },
};
use crate::Deed::{Booked, Cancelled, Moved, Sent};

pub(super) const GERMAN: Language = Language {
    phrases: phrases! {
        Booked Done "habe|haben ich|wir = gebucht|eingetragen|reserviert|vereinbart"
        Booked Done "ich|wir habe|haben = gebucht|eingetragen|reserviert|vereinbart"
        Booked State "termin|buchung|reservierung = ist = gebucht|eingetragen|bestätigt|reserviert"
        Moved Done "ich|wir habe|haben = verschoben|verlegt|umgebucht"
        Moved Done "habe|haben ich|wir = verschoben|verlegt|umgebucht"
        Moved State "termin ist|wurde = verschoben|verlegt"
        Cancelled Done "ich|wir habe|haben = abgesagt|storniert|gestrichen"
        Cancelled Done "habe|haben ich|wir = abgesagt|storniert|gestrichen"
        Cancelled State "termin|buchung = ist|wurde = abgesagt|storniert"
        Sent Done "ich|wir habe|haben = geschickt|gesendet|gemailt"
    },
    fillers: &[
        "jetzt",
        "nun",
        "soeben",
        "gerade",
        "gleich",
        "auch",
        "schon",
        "erfolgreich",
        "hiermit",
        "also",
    ],
    objects: &[
        "sie",
        "ihnen",
        "dich",
        "dir",
        "ihren",
        "ihr",
        "den",
        "der",
        "die",
        "das",
        "dem",
        "einen",
        "eine",
        "ein",
        "es",
        "für",
        "am",
        "um",
        "auf",
        "im",
        "mit",
        "uhr",
        "termin",
        "buchung",
        "neuen",
        "zehn",
        "elf",
        "zwölf",
        "acht",
        "neun",
        "zwei",
        "drei",
        "vier",
        "fünf",
        "halb",
        "sms",
        "email",
        "mail",
        "bestätigung",
        "nachricht",
        "per",
        "von",
    ],
    doubts: &[
        "nicht", "nie", "kein", "keine", "keinen", "nichts", "kann", "könnte", "würde", "soll", "sollen",
        "werde", "werden", "wird", "möchten", "wollen", "darf", "sagten", "sagte", "scheint", "noch",
        "hatte", "hatten",
    ],
    state_doubts: &["leider", "bereits", "jeder", "ein", "schon", "noch"],
    regrets: &["leider"],
    conditions: &["wenn", "falls", "sobald", "ob", "bevor", "nachdem", "sofern"],
    others: &["jemand", "andere", "niemand"],
    vague: &["wenn", "falls", "sobald", "vorläufig", "damals", "gestern"],
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
    harmless: &[&["kein", "problem"]],
    read_back: &[&["ist", "das", "richtig"], &["stimmt", "das"], &["soll", "ich"], &["passt", "das"]],
};

pub(super) const SPANISH: Language = Language {
    phrases: phrases! {
        Booked Done "he|hemos ~ reservado|agendado|programado"
        Booked State "cita|reserva = está|queda|ha ~ reservada|agendada|confirmada|programada"
        Moved Done "he|hemos ~ cambiado|movido|reprogramado = cita|reserva"
        Moved State "cita|reserva = ha ~ cambiada|movida|reprogramada"
        Cancelled Done "he|hemos ~ cancelado|anulado"
        Cancelled State "cita|reserva = está|queda|ha ~ cancelada|anulada"
        Sent Done "he|hemos ~ enviado|mandado = mensaje|correo|sms|email|confirmación"
    },
    fillers: &["ya", "sido", "también", "ahora"],
    objects: &[
        "su", "tu", "la", "el", "una", "un", "para", "de", "a", "las", "los", "por", "en", "y", "cita",
        "reserva", "con",
    ],
    doubts: &["no", "nunca", "nada", "ninguna", "puedo", "podría", "quiere", "quisiera", "dijo", "parece"],
    state_doubts: &["cada", "una", "lamentablemente"],
    regrets: &["lamentablemente"],
    conditions: &["si", "cuando", "antes", "después", "hasta"],
    others: &["alguien", "otra", "nada"],
    vague: &["si", "cuando", "ayer"],
    provisos: &[
        &["siempre", "que"],
        &["siempre", "y", "cuando"],
        &["pendiente"],
        &["en", "cuanto"],
        &["salvo"],
    ],
    tags: &[
        "verdad", "no", "sí", "correcto", "cierto", "vale", "bien", "está", "de", "acuerdo", "es", "así",
        "eso",
    ],
    harmless: &[],
    read_back: &[&["es", "correcto"], &["le", "parece"], &["quiere", "que"]],
};

pub(super) const FRENCH: Language = Language {
    phrases: phrases! {
        Booked Done "j'ai|nous ~ réservé|programmé|fixé"
        Booked Done "vous ai|avons ~ réservé|inscrit|inscrite"
        Booked State "rendez vous = est|a ~ réservé|confirmé|pris|fixé|programmé"
        Moved Done "j'ai|avons ~ déplacé|reporté|décalé"
        Moved State "rendez vous = est|a ~ déplacé|reporté|décalé"
        Cancelled Done "j'ai|avons ~ annulé"
        Cancelled State "rendez vous = est|a ~ annulé"
        Sent Done "vous ai|avons ~ envoyé"
        Sent Done "j'ai|avons ~ envoyé = message|email|sms|courriel|confirmation"
    },
    fillers: &["bien", "été", "avons", "maintenant", "aussi", "désormais"],
    objects: &["votre", "le", "la", "un", "une", "pour", "du", "de", "à", "heures", "mon", "au"],
    doubts: &[
        "pas",
        "jamais",
        "rien",
        "peux",
        "pourrais",
        "voulez",
        "souhaitez",
        "aucun",
        "dit",
        "semble",
        "vais",
    ],
    state_doubts: &["malheureusement", "chaque", "déjà"],
    regrets: &["malheureusement"],
    conditions: &["si", "quand", "lorsque", "dès", "avant", "après"],
    others: &["quelqu", "rien", "pas"],
    vague: &["si", "quand", "hier"],
    provisos: &[&["sous", "réserve"], &["à", "condition"], &["dès", "que"], &["sauf"], &["pourvu"]],
    tags: &[
        "correct", "oui", "non", "d'accord", "hein", "c'est", "bien", "ça", "n'est", "ce", "pas", "exact",
        "est", "juste",
    ],
    harmless: &[],
    read_back: &[&["est", "ce", "correct"], &["c'est", "bien", "ça"], &["voulez", "vous"]],
};
