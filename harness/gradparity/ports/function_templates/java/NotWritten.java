/** Stands where nothing is yet. */
@SuppressWarnings("serial")
final class NotWritten extends RuntimeException {
    NotWritten(String function) {
        super(function + " is not written yet");
    }
}
