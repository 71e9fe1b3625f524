package dev.parley.dialog;

import java.text.Normalizer;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** What people type, brought to one form, and the words that mean the same everywhere. Pure. */
final class Words {
    /**
     * The FCC's per-se revocations (47 CFR 64.1200(a)(10)), the carriers' defaults, and French and US extras. "cancel" is
     * one of them too, but may mean an appointment: {@link FirstDialog} decides.
     */
    static final Set<String> OPT_OUT = Set.of(
            "stop",
            "stopall",
            "stop all",
            "unsubscribe",
            "end",
            "quit",
            "revoke",
            "revoke all",
            "opt out",
            "optout",
            "remove",
            "remove me",
            "arret",
            "td",
            "desabonner",
            "abmelden");

    static final String CANCEL = "cancel";

    static final Set<String> OPT_IN = Set.of("start", "unstop", "opt in", "optin", "subscribe", "resubscribe");

    /** Opt in only where there is something to opt in to: everywhere else it answers a question. */
    static final String YES = "yes";

    static final Set<String> HELP = Set.of("help", "info", "aide", "ayuda", "hilfe");

    private static final Set<String> PERSON =
            Set.of("agent", "human", "person", "representative", "operator", "live agent", "real person", "call me");

    private static final String SOMEBODY =
            "(?:person|people|human|someone|somebody|agent|representative|rep|operator|adviser|advisor|manager|staff)";

    private static final Pattern ASKS_FOR_A_PERSON = Pattern.compile("\\b(?:"
            + "(?:talk|talking|speak|speaking|chat|connect me|transfer me|put me through) (?:\\w+ )?(?:to|with) (?:\\w+ ){0,3}"
            + SOMEBODY
            + "|(?:want|need|get me) (?:an? )?(?:\\w+ )?(?:human|real person|live person|live agent|representative|operator)"
            + "|real (?:person|human)"
            + "|(?:human|person|agent|operator|representative) please"
            + "|call me back"
            + "|hablar con (?:un |una )?(?:persona|alguien|agente|humano)"
            + "|parler (?:a|avec) (?:un |une )?(?:personne|quelqu un|humain|conseiller|agent)"
            + "|mit (?:einem |einer )?(?:menschen|mitarbeiter|mitarbeiterin|person) (?:sprechen|reden)"
            + ")\\b");

    private static final Pattern AUTO_REPLY = Pattern.compile("^(?:"
            + "(?:this is an? )?(?:auto|automatic|automated) ?(?:reply|response|message)\\b"
            + "|autoreply\\b|(?:i am |i m )?(?:currently )?out of (?:the )?office\\b"
            + "|abwesenheitsnotiz\\b|automatische antwort\\b|respuesta automatica\\b|reponse automatique\\b"
            + ").*|.*\\b(?:do not reply to this|this (?:mailbox|inbox|number) is not monitored)\\b.*");

    private static final Pattern INVISIBLE = Pattern.compile("[\\p{Cf}\\p{M}]+");
    private static final Pattern NEITHER_LETTER_NOR_DIGIT = Pattern.compile("[^\\p{L}\\p{Nd}]+");

    private Words() {}

    /**
     * Compatibility forms folded (a full-width STOP is a STOP), no case, no accents, no invisible characters; punctuation
     * and emoji become one space. "Arrêt !" and "arret" are the same.
     */
    static String plain(String text) {
        String folded = Normalizer.normalize(text, Normalizer.Form.NFKD)
                .toUpperCase(Locale.ROOT)
                .toLowerCase(Locale.ROOT);
        String visible = INVISIBLE.matcher(folded).replaceAll("");
        return NEITHER_LETTER_NOR_DIGIT.matcher(visible).replaceAll(" ").strip();
    }

    /** Is this, as a whole, a wish to get no more messages? "stop it please" is, "when does it stop?" is not. */
    static boolean isOptOut(String plain, Set<String> more) {
        if (OPT_OUT.contains(plain) || more.contains(plain)) {
            return true;
        }
        String[] words = plain.split(" ");
        return words.length <= 3 && (words[0].equals("stop") || words[0].equals("unsubscribe"));
    }

    static boolean isOptIn(String plain, Set<String> more) {
        return OPT_IN.contains(plain) || more.contains(plain);
    }

    static boolean isHelp(String plain, Set<String> more) {
        return HELP.contains(plain) || more.contains(plain);
    }

    /** @param more phrases that count wherever they stand as whole words */
    static boolean asksForAPerson(String plain, Set<String> more) {
        return PERSON.contains(plain)
                || ASKS_FOR_A_PERSON.matcher(plain).find()
                || more.stream().anyMatch(phrase -> (" " + plain + " ").contains(" " + phrase + " "));
    }

    static boolean isAutoReply(String plain) {
        return AUTO_REPLY.matcher(plain).matches();
    }
}
