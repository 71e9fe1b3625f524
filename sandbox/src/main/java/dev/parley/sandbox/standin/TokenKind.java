package dev.parley.sandbox.standin;

/** What a token stands for; only the first and the third may work on one location's conversations. */
public enum TokenKind {
    /** OAuth, installed on one location. */
    LOCATION,
    /** OAuth, installed by an agency: must first be exchanged for a location's. */
    COMPANY,
    /** Private integration token of one location: static, never expires. */
    PRIVATE,
    /** Private integration token of an agency. */
    AGENCY_PRIVATE;

    boolean isOAuth() {
        return this == LOCATION || this == COMPANY;
    }
}
