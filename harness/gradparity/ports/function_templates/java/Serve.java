import static protocol.Refusal.refuse;
import static protocol.Refusal.unsupported;

import java.io.IOException;
import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import protocol.Npy;
import protocol.Request;
import protocol.Server;
import protocol.Timing;
import protocol.Timing.Call;

/**
 * The plumbing between gradparity and Functions.java. You need not open this file, nor those in protocol. The methods
 * of Functions are called by name, as they may be of double or of float.
 */
final class Serve implements Server.Port {
    private static final String DTYPE =
            Signatures.ALL.values().stream().anyMatch(Serve::isFloat) ? "float32" : "float64";

    private Map<String, Object> last = Map.of(); // the arguments that came last, to be given back by inputs

    // Functions.

    /** The method with as many arguments: others of that name are its author's. */
    private static Method method(Signatures.Signature signature) {
        return Stream.of(Functions.class.getDeclaredMethods())
                .filter(m -> m.getName().equals(signature.method()) && m.getParameterCount() == signature.inputs())
                .findFirst()
                .orElseThrow(() -> refuse("expected a method " + signature.method() + " with " + signature.inputs()
                        + " arguments in Functions.java, came none"));
    }

    private static boolean isFloat(Signatures.Signature signature) {
        Method method = method(signature);
        Stream<Type> types = Stream.of(method.getGenericParameterTypes());
        types = Stream.concat(types, Stream.of(method.getGenericReturnType()));
        if (method.getReturnType().isRecord()) {
            RecordComponent[] components = method.getReturnType().getRecordComponents();
            types = Stream.concat(types, Stream.of(components).map(RecordComponent::getGenericType));
        }
        return types.map(Type::getTypeName).anyMatch(Set.of("float", "NDArray<float[]>")::contains);
    }

    /** A number where there are no dimensions. */
    private static Object argument(Npy array) {
        Object data = array.data();
        if (data instanceof byte[] bytes) {
            boolean[] flags = new boolean[bytes.length];
            for (int i = 0; i < flags.length; i++) flags[i] = bytes[i] != 0;
            data = flags;
        }
        return array.shape().length == 0 ? Array.get(data, 0) : new NDArray<>(array.shape(), data);
    }

    private static Npy packed(String name, Object value) {
        if (value instanceof NDArray<?> array) return new Npy(array.shape(), bytes(array.data()));
        if (value instanceof Double number) return new Npy(new int[0], new double[] {number});
        if (value instanceof Float number) return new Npy(new int[0], new float[] {number});
        if (value instanceof Integer number) return new Npy(new int[0], new int[] {number});
        if (value instanceof Boolean flag) return new Npy(new int[0], bytes(new boolean[] {flag}));
        String came = value == null ? "null" : value.getClass().getSimpleName();
        throw refuse("expected " + name + " to be an NDArray or a number, came " + came);
    }

    /** Flags as what travels; else the same. */
    private static Object bytes(Object data) {
        if (!(data instanceof boolean[] flags)) return data;
        byte[] bytes = new byte[flags.length];
        for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) (flags[i] ? 1 : 0);
        return bytes;
    }

    private static Signatures.Signature signature(Request request) {
        String name = request.field("function");
        Signatures.Signature signature = Signatures.ALL.get(name);
        if (signature == null) throw unsupported("no function " + name + " in Functions.java");
        return signature;
    }

    private static Map<String, Object> arguments(Request request) {
        Map<String, Object> arguments = new LinkedHashMap<>();
        request.arrays().forEach((name, array) -> {
            boolean isDouble = array.data() instanceof double[];
            boolean isFloat = array.data() instanceof float[];
            String came = isDouble ? "float64" : "float32";
            if ((isDouble || isFloat) && !came.equals(DTYPE)) throw unsupported("no " + came);
            arguments.put(name, argument(array));
        });
        return arguments;
    }

    private static Call call(Signatures.Signature signature, Object... arguments) {
        Method method = method(signature);
        if (arguments.length != signature.inputs()) {
            throw refuse(signature.method() + ": expected " + signature.inputs() + " arrays, came " + arguments.length);
        }
        return () -> {
            try {
                return method.invoke(null, arguments);
            } catch (IllegalArgumentException mismatch) { // of arguments; what the method throws comes as another
                throw refuse(signature.method() + ": " + mismatch.getMessage());
            }
        };
    }

    /** What was returned: a record of the results, or the only one. */
    private static Map<String, Npy> results(Signatures.Signature signature, Object made) throws Exception {
        Map<String, Npy> arrays = new LinkedHashMap<>();
        List<String> names = signature.results();
        if (names.size() == 1) {
            arrays.put(names.get(0), packed(names.get(0), made));
        } else if (names.size() > 1) {
            if (made == null) throw refuse("expected " + signature.method() + " to return its results, came null");
            RecordComponent[] components = made.getClass().getRecordComponents();
            for (int i = 0; i < names.size(); i++) {
                arrays.put(names.get(i), packed(names.get(i), components[i].getAccessor().invoke(made)));
            }
        }
        return arrays;
    }

    // The operations.

    @Override
    public Map<String, String> hello() {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("name", "PORT_NAME");
        fields.put("language", "Java");
        fields.put("version", System.getProperty("java.version"));
        fields.put("blas", "none");
        fields.put("threads", "1");
        fields.put("dtypes", DTYPE);
        fields.put("layers", "");
        fields.put("operations", "hello,call,inputs,null,time");
        fields.put("optimizers", "");
        fields.put("epsilon", "any");
        fields.put("functions", String.join(",", Signatures.ALL.keySet()));
        return fields;
    }

    @Override
    public Map<String, Npy> answer(Request request) throws Exception {
        switch (request.word()) {
            case "call" -> {
                Signatures.Signature signature = signature(request);
                Map<String, Object> arguments = arguments(request);
                Object made = call(signature, arguments.values().toArray()).make();
                last = arguments;
                return results(signature, made);
            }
            case "inputs" -> {
                Map<String, Npy> arrays = new LinkedHashMap<>();
                last.forEach((name, argument) -> arrays.put(name, packed(name, argument)));
                return arrays;
            }
            case "null" -> {
                return Map.of();
            }
            case "time" -> {
                double[] took = time(request);
                return Map.of("nanoseconds", new Npy(new int[] {took.length}, took));
            }
            default -> throw unsupported("no operation " + request.word());
        }
    }

    private static double[] time(Request request) throws Exception {
        String operation = request.field("operation");
        Call call = switch (operation) {
            case "null" -> () -> null;
            case "call" -> call(signature(request), arguments(request).values().toArray());
            default -> throw unsupported("no operation " + operation + " to time");
        };
        return Timing.time(request, call);
    }

    public static void main(String[] arguments) throws IOException {
        Server.serve(new Serve());
    }
}
