package dev.parley.sandbox.standin;

/** What is wrong with a webhook that did not come from GoHighLevel. */
public enum Forgery {
    /** Well signed, by somebody else. */
    WRONG_KEY,
    /** A genuine signature; the body has one byte more than when it was signed. */
    TAMPERED_BODY,
    /** No signature header at all. */
    NO_SIGNATURE,
    /** {@code N/A} where the signature belongs. */
    NOT_APPLICABLE
}
