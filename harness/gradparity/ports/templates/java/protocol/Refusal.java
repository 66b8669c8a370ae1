package protocol;

/** What a request is answered with, where that is not ok. */
@SuppressWarnings("serial")
public class Refusal extends RuntimeException {
    final String word;

    protected Refusal(String word, String message) {
        super(message);
        this.word = word;
    }

    /** An error. */
    public static Refusal refuse(String message) {
        return new Refusal("error", message);
    }

    /** What this port does not do. */
    public static Refusal unsupported(String message) {
        return new Refusal("unsupported", message);
    }
}
