package protocol;

import java.util.Map;

/** A request, as it came. */
public record Request(String word, Map<String, String> fields, Map<String, Npy> arrays) {
    /** The field of this name. */
    public String field(String key) {
        if (!fields.containsKey(key)) throw Refusal.refuse("expected the field " + key + " in the request " + word);
        return fields.get(key);
    }
}
