package dev.parley.dialog;

import java.text.Normalizer;
import java.util.List;
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

    private static final Pattern ASKS_FOR_A_PERSON = Pattern.compile("(?:"
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

    /** The first words of {@link #ASKS_FOR_A_PERSON}: to try it anywhere else would only take time, a letter at a time. */
    private static final Set<String> BEGIN_TO_ASK = Set.of(
            "talk",
            "talking",
            "speak",
            "speaking",
            "chat",
            "connect",
            "transfer",
            "put",
            "want",
            "need",
            "get",
            "real",
            "human",
            "person",
            "agent",
            "operator",
            "representative",
            "call",
            "hablar",
            "parler",
            "mit");

    private static final Pattern BEGINS_AS_AUTO_REPLY =
            Pattern.compile("(?:" + "(?:this is an? )?(?:auto|automatic|automated) ?(?:reply|response|message)"
                    + "|autoreply|(?:i am |i m )?(?:currently )?out of (?:the )?office"
                    + "|abwesenheitsnotiz|automatische antwort|respuesta automatica|reponse automatique"
                    + ")\\b");

    private static final List<String> NOBODY_READS_THIS = List.of(
            "do not reply to this",
            "this mailbox is not monitored",
            "this inbox is not monitored",
            "this number is not monitored");

    private Words() {}

    /**
     * Compatibility forms folded (a full-width STOP is a STOP), no case, no accents, no invisible characters; punctuation
     * and emoji become one space. "Arrêt !" and "arret" are the same.
     */
    static String plain(String text) {
        String folded = isAscii(text)
                ? text.toLowerCase(Locale.ROOT)
                : Normalizer.normalize(text, Normalizer.Form.NFKD)
                        .toUpperCase(Locale.ROOT)
                        .toLowerCase(Locale.ROOT);
        StringBuilder plain = new StringBuilder(folded.length());
        boolean isBetweenWords = false;
        int step;
        for (int at = 0; at < folded.length(); at += step) {
            int character = folded.codePointAt(at);
            step = Character.charCount(character);
            if (Character.isLetterOrDigit(character)) {
                if (isBetweenWords && !plain.isEmpty()) {
                    plain.append(' ');
                }
                isBetweenWords = false;
                plain.appendCodePoint(character);
            } else if (!isInvisible(character)) {
                isBetweenWords = true;
            }
        }
        return plain.toString();
    }

    private static boolean isAscii(String text) {
        for (int at = 0; at < text.length(); at++) {
            if (text.charAt(at) > 127) {
                return false;
            }
        }
        return true;
    }

    /** Formatting, and the marks that normalising has parted from their letters. */
    private static boolean isInvisible(int character) {
        int type = Character.getType(character);
        return type == Character.FORMAT
                || type == Character.NON_SPACING_MARK
                || type == Character.COMBINING_SPACING_MARK
                || type == Character.ENCLOSING_MARK;
    }

    /** Is this, as a whole, a wish to get no more messages? "stop it please" is, "when does it stop?" is not. */
    static boolean isOptOut(String plain, Set<String> more) {
        if (OPT_OUT.contains(plain) || more.contains(plain)) {
            return true;
        }
        // One more than counts: what follows is not looked at.
        String[] words = plain.split(" ", 4);
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
                || asksSomewhere(plain)
                || more.stream().anyMatch(phrase -> (" " + plain + " ").contains(" " + phrase + " "));
    }

    private static boolean asksSomewhere(String plain) {
        int next;
        for (int word = 0; word < plain.length(); word = next + 1) {
            int space = plain.indexOf(' ', word);
            next = space < 0 ? plain.length() : space;
            if (BEGIN_TO_ASK.contains(plain.substring(word, next))
                    && ASKS_FOR_A_PERSON
                            .matcher(plain)
                            .region(word, plain.length())
                            .lookingAt()) {
                return true;
            }
        }
        return false;
    }

    static boolean isAutoReply(String plain) {
        if (BEGINS_AS_AUTO_REPLY.matcher(plain).lookingAt()) {
            return true;
        }
        String words = " " + plain + " ";
        return NOBODY_READS_THIS.stream().anyMatch(phrase -> words.contains(" " + phrase + " "));
    }
}
