//! The commonest ways to say in Spanish and French that something is done.

use super::said::{
    Kind::{Deed as Done, State},
    Language, Phrase, phrases,
};
use crate::Deed::{Booked, Cancelled, Moved, Sent};

pub(super) const SPANISH: Language = Language {
    phrases: phrases! {
        Booked Done "he|hemos ~ reservado|agendado|programado"
        Booked Done "agendé|reservé|programé"
        Booked State "he|hemos ~ confirmado = cita|reserva"
        Booked State "cita|reserva = está|queda|quedó|fue|ha ~ reservada|agendada|confirmada|programada|registrada|hecha"
        Booked State "está|queda|quedó|fue|quedado ~ reservada|agendada|confirmada|programada|registrada su|tu|la cita|reserva"
        Booked State "queda|quedó|quedado ~ agendada|reservada|programada"
        Booked State "se ha ~ reservado|agendado|confirmado|programado su|tu|la cita|reserva"
        Booked State "usted está|queda|quedó ~ agendado|agendada|anotado|anotada"
        Moved Done "he|hemos ~ cambiado|movido|reprogramado = cita|reserva"
        Moved Done "la|le|su|tu he ~ cambiado|movido|reprogramado"
        Moved Done "cambié|moví|reprogramé = cita|reserva"
        Moved Done "la|le ~ cambié|moví|reprogramé"
        Moved State "cita|reserva = ha|fue|quedó|está|queda ~ cambiada|movida|reprogramada"
        Cancelled Done "he|hemos ~ cancelado|anulado"
        Cancelled Done "cancelé|anulé"
        Cancelled State "cita|reserva = está|queda|quedó|fue|ha ~ cancelada|anulada"
        Cancelled State "queda|quedó|quedado ~ cancelada|anulada"
        Sent Done "he|hemos ~ enviado|mandado = mensaje|correo|sms|email|confirmación"
        Sent Done "envié|mandé = mensaje|correo|sms|email|confirmación"
        Sent State "mensaje|correo|sms|email|confirmación = fue|ha ~ enviado|enviada|mandado"
    },
    fillers: &[
        "ya",
        "sido",
        "también",
        "ahora",
        "quedado",
        "bien",
        "debidamente",
        "correctamente",
        "le",
        "te",
    ],
    objects: &[
        "su",
        "tu",
        "la",
        "el",
        "una",
        "un",
        "lo",
        "le",
        "te",
        "para",
        "de",
        "del",
        "al",
        "a",
        "las",
        "los",
        "por",
        "en",
        "y",
        "es",
        "cita",
        "reserva",
        "con",
        "tarde",
        "noche",
        "dentista",
        "doctor",
        "doctora",
        "médico",
        "dos",
        "tres",
        "cuatro",
        "cinco",
        "seis",
        "siete",
        "ocho",
        "nueve",
        "diez",
        "once",
        "doce",
        "media",
        "cuarto",
        "mensaje",
        "correo",
        "confirmación",
        "próximo",
    ],
    things: &[],
    doubts: &[
        "no", "nunca", "nada", "ninguna", "puedo", "podría", "quiere", "quisiera", "dijo", "parece", "veo",
        "creo", "espero", "entiendo",
    ],
    state_doubts: &["cada", "una", "lamentablemente", "esa", "ese", "esta", "otra", "otro"],
    regrets: &["lamentablemente", "siento", "lamento"],
    conditions: &["si", "cuando", "antes", "después", "hasta"],
    others: &["alguien", "otra", "otro", "nada", "nota"],
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
        Booked Done "j'ai|nous ~ réservé|programmé|fixé|planifié"
        Booked Done "vous ai|avons ~ réservé|inscrit|inscrite"
        Booked Done "j'ai|ai|avons ~ pris|enregistré|planifié|fixé|programmé = rendez vous"
        Booked Done "l'ai|l'avons ~ réservé|programmé|fixé|planifié"
        Booked State "j'ai|ai|avons ~ confirmé = rendez vous|réservation"
        Booked State "rendez vous = est|a ~ réservé|confirmé|pris|fixé|programmé|enregistré|planifié|validé"
        Booked State "réservation = est|a ~ confirmée|enregistrée|faite|effectuée|prise|validée"
        Booked State "vous êtes ~ inscrit|inscrite"
        Booked State "c'est ~ réservé|confirmé|enregistré"
        Moved Done "j'ai|avons ~ déplacé|reporté|décalé"
        Moved Done "j'ai|ai|avons ~ modifié|changé = rendez vous"
        Moved Done "l'ai|l'avons ~ déplacé|reporté|décalé"
        Moved State "rendez vous = est|a ~ déplacé|reporté|décalé"
        Moved State "réservation = est|a ~ déplacée|reportée|décalée"
        Cancelled Done "j'ai|avons ~ annulé"
        Cancelled Done "l'ai|l'avons ~ annulé|annulée"
        Cancelled State "rendez vous = est|a ~ annulé"
        Cancelled State "réservation = est|a ~ annulée"
        Cancelled State "c'est ~ annulé"
        Sent Done "vous ai|avons ~ envoyé"
        Sent Done "vous l'ai|l'avons ~ envoyé|envoyée"
        Sent Done "j'ai|avons ~ envoyé = message|email|sms|courriel|confirmation"
        Sent State "message|email|sms|courriel|confirmation = a|est ~ envoyé|envoyée|parti|partie"
    },
    fillers: &[
        "bien",
        "été",
        "avons",
        "maintenant",
        "aussi",
        "désormais",
        "donc",
        "ainsi",
        "tout",
        "juste",
        "vous",
    ],
    objects: &[
        "votre", "vos", "le", "la", "les", "un", "une", "pour", "du", "de", "à", "heures", "heure", "mon",
        "au", "avec", "chez", "docteur", "médecin", "dentiste", "prochain", "matin", "midi", "deux", "trois",
        "quatre", "cinq", "sept", "huit", "neuf", "dix", "onze", "douze", "quinze", "demie",
    ],
    things: &[],
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
        "vois",
        "crois",
        "pense",
        "espère",
    ],
    state_doubts: &["malheureusement", "chaque", "déjà", "autre"],
    regrets: &["malheureusement", "désolé", "désolée", "regret"],
    conditions: &["si", "quand", "lorsque", "dès", "avant", "après"],
    others: &["quelqu", "rien", "pas", "aux"],
    vague: &["si", "quand", "hier"],
    provisos: &[&["sous", "réserve"], &["à", "condition"], &["dès", "que"], &["sauf"], &["pourvu"]],
    tags: &[
        "correct", "oui", "non", "d'accord", "hein", "c'est", "bien", "ça", "n'est", "ce", "pas", "exact",
        "est", "juste",
    ],
    harmless: &[],
    read_back: &[&["est", "ce", "correct"], &["c'est", "bien", "ça"], &["voulez", "vous"]],
};
