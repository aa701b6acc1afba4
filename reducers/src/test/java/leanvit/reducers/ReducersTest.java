package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The SPEC grammar: what reads back, what is refused and in which words. */
class ReducersTest {

    private static final ModelShape DEIT_TINY = new ModelShape(12, 192, 3, 1, 196);
    private static final String TWELVE = IntStream.range(0, 12).mapToObj(i -> "0.9").collect(Collectors.joining("/"));

    /** Files of 12 thresholds and of 3 predictors of width 192. */
    private static final TensorFiles FILES = path -> switch (path) {
        case "t.safetensors" -> Map.of("merge", new TensorFiles.Tensor(new int[] {12}, filled(12, 0.9f)),
                "prune", new TensorFiles.Tensor(new int[] {12}, filled(12, 0.002f)));
        case "five.safetensors" -> Map.of("merge", new TensorFiles.Tensor(new int[] {5}, filled(5, 0.9f)));
        case "nan.safetensors" -> Map.of("prune", new TensorFiles.Tensor(new int[] {12}, filled(12, Float.NaN)));
        case "p.safetensors" -> TokenPredictorTest.predictors(3, 192, "predictor.", 1);
        case "p4.safetensors" -> TokenPredictorTest.predictors(4, 192, "score_predictor.", 1);
        case "small.safetensors" -> TokenPredictorTest.predictors(3, 64, "predictor.", 1);
        default -> throw new IOException(path + ": no such file");
    };

    private static float[] filled(int length, float value) {
        float[] values = new float[length];
        Arrays.fill(values, value);
        return values;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "none | none",
        " tome:r=8 | tome:r=8",
        "tome:r=16,inflect=-1 | tome:r=16,inflect=-1",
        "tome:inflect=0.50,r=16 | tome:r=16,inflect=0.5",
        "tome:r=+8 | tome:r=8",
        "tome:r=8/8/4/0 | tome:r=8/8/4/0",
        "tome:r=8,prop=off | tome:r=8,prop=off",
        "tome:r=8,prop=on | tome:r=8",
        "ltmp:merge=0.9,prune=0.002 | ltmp:merge=0.9,prune=0.002",
        "ltmp:merge=0.9/.5e0 | ltmp:merge=0.9/0.5",
        "ltmp:prune=0.00000123 | ltmp:prune=1.23E-6",
        "ltmp:thresholds=t.safetensors | ltmp:thresholds=t.safetensors",
        "etps:keep=0.7 | etps:keep=0.7",
        "etps:keep=0.7,layers=3/5/7/9 | etps:keep=0.7,layers=3/5/7/9",
        "etps:keep=1 | etps:keep=1",
        "dtps:keep=0.7/0.5/0.3,predictors=p.safetensors | dtps:keep=0.7/0.5/0.3,predictors=p.safetensors",
        "pomt:r=56 | pomt:r=56",
        "pomt:r=56,layer=4,upstream=on | pomt:r=56,layer=4,upstream=on",
        "evit:keep=0.7 | evit:keep=0.7",
        "evit:keep=0.7,layers=0,fuse=off | evit:keep=0.7,layers=0,fuse=off",
        "topk:keep=0.7,layers=3/6/9 | topk:keep=0.7,layers=3/6/9",
        "topk:r=8 | topk:r=8",
        "topk:r=1/2/3 | topk:r=1/2/3",
        "tome-kth:k=2 | tome-kth:k=2",
        "tome-kth:layers=3/6,k=4 | tome-kth:k=4,layers=3/6",
        "tome-random:r=8 | tome-random:r=8",
        "tome-random:seed=7,r=8/4 | tome-random:r=8/4,seed=7"
    })
    void aSpecReadsBack(String spec, String canonical) throws IOException {
        TokenReducer reducer = Reducers.parse(spec, FILES);
        assertThat(reducer.spec()).isEqualTo(canonical);
        TokenReducer again = Reducers.parse(reducer.spec(), FILES);
        assertThat(again.spec()).isEqualTo(canonical);
        assertThat(again).hasSameClassAs(reducer);
        if (reducer.getClass().isRecord()) {
            assertThat(again).isEqualTo(reducer);
        }
    }

    @Test
    void makesTheReducerThatIsNamed() throws IOException {
        assertThat(Reducers.parse("none")).isEqualTo(new None());
        assertThat(Reducers.parse("tome:r=8")).isEqualTo(new ToMe(Schedule.constant(8), true));
        assertThat(Reducers.parse("tome:r=8/4,prop=off")).isEqualTo(new ToMe(Schedule.perBlock(List.of(8, 4)), false));
        assertThat(Reducers.parse("evit:keep=0.7"))
                .isEqualTo(new EVit(Schedule.keepOfCurrent(List.of(0.7), Stages.AT_QUARTERS), true));
        assertThat(Reducers.parse("topk:keep=0.7"))
                .isEqualTo(new TopK(Schedule.keepOfInitial(List.of(0.7), Stages.AT_QUARTERS)));
        assertThat(Reducers.parse("pomt:r=56")).isEqualTo(new Pomt(Schedule.quarterBlock(56), false));
        assertThat(Reducers.parseAll("none; tome:r=8 ;dtps:keep=0.5,predictors=p.safetensors", FILES))
                .extracting(TokenReducer::spec)
                .containsExactly("none", "tome:r=8", "dtps:keep=0.5,predictors=p.safetensors");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "'' | unknown reducer '', known are none, tome, ltmp, etps, dtps, evit, topk, pomt, "
            + "tome-kth, tome-random",
        "foo:r=8 | unknown reducer 'foo', known are none, tome, ltmp, etps, dtps, evit, topk, pomt, "
            + "tome-kth, tome-random",
        "TOME:r=8 | unknown reducer 'TOME', known are none, tome, ltmp, etps, dtps, evit, topk, pomt, "
            + "tome-kth, tome-random",
        "none:r=8 | none: unknown key 'r', it has none",
        "tome | tome: needs r, such as tome:r=8",
        "tome: | tome: '' is not key=value",
        "tome:r | tome: 'r' is not key=value",
        "tome:=8 | tome: '=8' is not key=value",
        "tome:r= | tome: key 'r' has no value",
        "tome:r=8, | tome: '' is not key=value",
        "tome:r=8,r=9 | tome: key 'r' is given twice",
        "tome:q=8 | tome: unknown key 'q', it has r, inflect, prop",
        "tome:r=-1 | tome: r=-1 is not a whole number of at least 0",
        "tome:r=8/-1 | tome: r=-1 is not a whole number of at least 0",
        "tome:r=8.5 | tome: r='8.5': '8.5' is not a whole number",
        "tome:r=8//4 | tome: r='8//4': '' is not a whole number",
        "tome:r=99999999999 | tome: r='99999999999' is beyond 2147483647",
        "tome:r=8,inflect=2 | tome: inflect=2.0 is not a number from -1 to 1",
        "tome:r=8,inflect=NaN | tome: inflect='NaN': 'NaN' is not a number",
        "tome:r=8/4,inflect=1 | tome: inflect goes with one r, not with a list of 2",
        "tome:r=8,prop=yes | tome: prop='yes' is not on or off",
        "etps:keep=0 | etps: keep=0 is not a number above 0 and up to 1",
        "etps:keep=1.5 | etps: keep=1.5 is not a number above 0 and up to 1",
        "etps:keep=1e999 | etps: keep=Infinity is not a number above 0 and up to 1",
        "etps:keep=0x1p-1 | etps: keep='0x1p-1': '0x1p-1' is not a number",
        "etps:keep=0.7/0.5 | etps: keep has 2 rates for 3 layers: give one rate, or one per layer",
        "etps:layers=3 | etps: needs keep, such as etps:keep=0.7,layers=3/6/9",
        "etps:keep=0.7,layers=6/3 | etps: layers=6/3 do not ascend",
        "etps:keep=0.7,layers=-1 | etps: layer -1 is not a block: blocks count from 0",
        "etps:keep=0.7,fuse=on | etps: unknown key 'fuse', it has keep, layers",
        "topk:keep=0.5/0.6/0.4 | topk: keep=0.5/0.6/0.4 rises at stage 1: the rates are shares of the initial "
            + "patches, none may be above the one before",
        "topk:r=1,keep=1 | topk: r goes without keep and layers: it holds for every block, a list block by block",
        "topk:layers=3 | topk: needs keep or r, such as topk:keep=0.7,layers=3/6/9 or topk:r=8",
        "topk:r=8,layers=3 | topk: r goes without keep and layers: it holds for every block, a list block by block",
        "tome-kth:layers=3 | tome-kth: needs k, such as tome-kth:k=2,layers=3/6/9",
        "tome-kth:k=0 | tome-kth: k=0 is not a whole number of at least 1",
        "tome-random:seed=1 | tome-random: needs r, such as tome-random:r=8",
        "pomt:layer=3 | pomt: needs r, such as pomt:r=56,layer=3",
        "pomt:r=5/6 | pomt: r='5/6': '5/6' is not a whole number",
        "pomt:r=5,layer=-1 | pomt: layer -1 is not a block: blocks count from 0",
        "ltmp:merge=0.9,prune=2 | ltmp: prune threshold 2.0 of block 0 is not a number from 0 to 1",
        "ltmp:merge=0.9/NaN | ltmp: merge='0.9/NaN': 'NaN' is not a number",
        "ltmp:merge=-1.5 | ltmp: merge threshold -1.5 of block 0 is not a number from -1 to 1",
        "ltmp | ltmp: needs merge, prune or thresholds, such as ltmp:merge=0.9/0.9,prune=0.002/0.002, one value "
            + "per block, or ltmp:thresholds=FILE.safetensors",
        "ltmp:merge=0.9,thresholds=f | ltmp: thresholds=FILE says merge and prune: give it or them",
        "ltmp:thresholds=nan.safetensors | ltmp: prune threshold NaN of block 0 is not a number from 0 to 1",
        "dtps:keep=0.7 | dtps: needs predictors, such as dtps:keep=0.7,layers=3/6/9,predictors=FILE.safetensors",
        "dtps:keep=0.7,layers=3,predictors=p.safetensors | dtps: p.safetensors has 3 predictors for 1 layers: "
            + "one per layer is needed",
        "dtps:keep=0.7,predictors=p4.safetensors | dtps: p4.safetensors has 4 predictors for 3 layers: one per "
            + "layer is needed",
        "dtps:keep=0.7,predictors=t.safetensors | dtps: t.safetensors: tensor predictor.0.in_conv.0.weight is missing"
    })
    void oneLineSaysWhatIsWrongAndWhatIsAllowed(String spec, String message) {
        assertThatThrownBy(() -> Reducers.parse(spec, FILES))
                .isInstanceOf(InvalidSpecException.class).hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "pomt:r=56,layer=12 | pomt:r=56,layer=12: the model has no block 12, its 12 blocks are 0 to 11",
        "tome-kth:k=2,layers=12 | tome-kth:k=2,layers=12: the model has no block 12, its 12 blocks are 0 to 11",
        "evit:keep=0.7,layers=3/12 | evit:keep=0.7,layers=3/12: the model has no block 12, its 12 blocks are 0 to 11",
        "tome:r=1/1/1/1/1/1/1/1/1/1/1/1/1 | tome:r=1/1/1/1/1/1/1/1/1/1/1/1/1: 13 values of r, but the model has "
            + "12 blocks: give at most 12",
        "ltmp:merge=0.9/0.8 | ltmp: 2 merge thresholds, but the model has 12 blocks: one per block is needed",
        "ltmp:thresholds=five.safetensors | ltmp: five.safetensors has 5 merge thresholds, but the model has 12 "
            + "blocks: one per block is needed",
        "dtps:keep=0.7,predictors=small.safetensors | dtps:keep=0.7,predictors=small.safetensors: "
            + "the predictors are for tokens of width 64, the model's have 192"
    })
    void oneLineSaysWhatTheModelLacks(String spec, String message) throws IOException {
        TokenReducer reducer = Reducers.parse(spec, FILES);
        assertThatThrownBy(() -> reducer.check(DEIT_TINY)).isInstanceOf(InvalidSpecException.class).hasMessage(message);
    }

    @Test
    void whatFitsPassesTheCheck() throws IOException {
        for (String spec : List.of("none", "tome:r=99999", "tome:r=1/1/1/1/1/1/1/1/1/1/1/1", "ltmp:merge=" + TWELVE,
                "ltmp:merge=0.9", "ltmp:thresholds=t.safetensors", "etps:keep=0.7,layers=0/11", "pomt:r=9999,layer=11",
                "dtps:keep=0.7,predictors=p.safetensors", "evit:keep=0.7", "topk:r=8", "topk:keep=0.1")) {
            Reducers.parse(spec, FILES).check(DEIT_TINY);
        }
    }

    @Test
    void filesThatCannotBeReadAreTheCallersAffair() {
        assertThatThrownBy(() -> Reducers.parse("ltmp:thresholds=gone", FILES))
                .isInstanceOf(IOException.class).hasMessageContaining("gone");
        assertThatThrownBy(() -> Reducers.parse("ltmp:thresholds=t.safetensors"))
                .isInstanceOf(InvalidSpecException.class).hasMessageContaining("t.safetensors");
    }

    @Test
    void anEmptySpecBetweenOthersIsRefused() {
        assertThatThrownBy(() -> Reducers.parseAll("none;;tome:r=8", FILES)).hasMessageContaining("unknown reducer ''");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void noTextGivesAnythingButAReducerOrTheDocumentedException(long seed) {
        Random random = new Random(seed);
        String[] pieces = {"none", "tome", "ltmp", "etps", "dtps", "evit", "topk", "pomt", "tome-kth", "tome-random",
            ":", "=", ",", "/", ";", "r", "keep", "layers", "layer", "merge", "prune", "thresholds", "predictors",
            "inflect", "prop", "fuse", "upstream", "k", "seed", "on", "off", "0", "1", "8", "-1", "0.7", "1.5", "NaN",
            "Infinity", "1e999",
            "99999999999", "t.safetensors", "p.safetensors", " ", "\n", "\u0000", "\u2028", "\ud800", "é", "%s",
            "\\", "r=8", "keep=0.7", "layers=3/6/9", ",,", "//"};
        int made = 0;
        for (int i = 0; i < 20_000; i++) {
            StringBuilder spec = new StringBuilder();
            if (random.nextInt(3) > 0) {
                spec.append(pieces[random.nextInt(10)]).append(':');
            }
            for (int k = random.nextInt(8); k > 0; k--) {
                spec.append(random.nextInt(20) == 0 ? String.valueOf((char) random.nextInt(0x10000))
                        : pieces[random.nextInt(pieces.length)]);
            }
            try {
                TokenReducer reducer = Reducers.parse(spec.toString(), FILES);
                assertThat(Reducers.parse(reducer.spec(), FILES).spec()).isEqualTo(reducer.spec());
                made++;
            } catch (InvalidSpecException documented) {
                assertThat(documented.getMessage()).as(spec.toString()).isNotEmpty().hasSizeLessThan(400)
                        .doesNotContain("\n", "\r", "\u2028");
            } catch (IOException documented) {
                assertThat(documented.getMessage()).contains("no such file");
            }
        }
        assertThat(made).isPositive();
    }

    @Test
    void aLongSpecIsQuotedInPart() {
        assertThatThrownBy(() -> Reducers.parse("x".repeat(100_000)))
                .isInstanceOf(InvalidSpecException.class).message().hasSizeLessThan(200);
        assertThatThrownBy(() -> Reducers.parse("tome:" + "y".repeat(100_000) + "=1"))
                .isInstanceOf(InvalidSpecException.class).message().hasSizeLessThan(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a,b.safetensors", "a;b", "a\"b",
        "\"a\"", "\"", "a,\"b;\"\",", " a ", "C:\\x,y\\=z", "a=\"b,c"})
    void aPathMayHaveAnyCharacter(String path) throws IOException {
        String[] read = new String[1];
        TensorFiles files = name -> {
            read[0] = name;
            return FILES.read("t.safetensors");
        };
        Ltmp ltmp = Ltmp.read(path, files);
        assertThat(Reducers.parse(ltmp.spec(), files).spec()).isEqualTo(ltmp.spec());
        assertThat(read[0]).isEqualTo(path);
        assertThat(Reducers.parseAll("none;" + ltmp.spec() + ";tome:r=8", files)).hasSize(3);
        assertThat(read[0]).isEqualTo(path);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "ltmp:thresholds=\"a,b | ltmp: 'thresholds=\"a,b' has a quote that is not closed",
        "ltmp:thresholds=\"a\"b | ltmp: key 'thresholds' has 'b' after its value's closing quote",
        "ltmp:thresholds=\"\" | ltmp: key 'thresholds' has no value"
    })
    void aQuoteIsClosedAtTheEnd(String spec, String message) {
        assertThatThrownBy(() -> Reducers.parse(spec, FILES))
                .isInstanceOf(InvalidSpecException.class).hasMessage(message);
    }

    @Test
    void learnedValuesCanBeReadAndGivenBack() throws IOException {
        Ltmp ltmp = Ltmp.read("t.safetensors", FILES);
        assertThat(ltmp.mergeThresholds()).hasSize(12).containsOnly(0.9f);
        assertThat(ltmp.pruneThresholds()).hasSize(12).containsOnly(0.002f);
        assertThat(Ltmp.mergeOnly(new float[] {0.5f}).pruneThresholds()).isEmpty();
        DTps dtps = DTps.read(Schedule.keepOfInitial(List.of(0.7), Stages.AT_QUARTERS), "p.safetensors", FILES);
        assertThat(dtps.predictors()).hasSize(3);
        Map<String, TensorFiles.Tensor> file = FILES.read("p.safetensors");
        Map<String, TensorFiles.Tensor> parameters = dtps.predictors().get(1).parameters();
        assertThat(parameters).hasSize(10);
        parameters.forEach((name, tensor) -> {
            assertThat(tensor.shape()).containsExactly(file.get("predictor.1." + name).shape());
            assertThat(tensor.values()).containsExactly(file.get("predictor.1." + name).values());
        });
        assertThat(TokenPredictor.of(parameters).width()).isEqualTo(192);
        parameters.remove("in_conv.1.bias");
        assertThatThrownBy(() -> TokenPredictor.of(parameters)).hasMessageContaining("in_conv.1.bias is missing");
    }

    @Test
    void otherPeoplesKeysCanBeTakenOutOfASpec() {
        Map<String, String> taken = new TreeMap<>();
        List<String> keys = List.of("tau", "target");
        assertThat(Reducers.without("ltmp:tau=0.1,thresholds=\"a,tau=2\",target=.6", keys, taken))
                .isEqualTo("ltmp:thresholds=\"a,tau=2\"");
        assertThat(taken).isEqualTo(Map.of("tau", "0.1", "target", ".6"));
        assertThat(Reducers.without("ltmp", keys, taken)).isEqualTo("ltmp");
        assertThat(Reducers.without("x:target=1", keys, new TreeMap<>())).isEqualTo("x");
        assertThatThrownBy(() -> Reducers.without("ltmp:tau=1,tau=2", keys, new TreeMap<>()))
                .isInstanceOf(InvalidSpecException.class).hasMessageContaining("tau").hasMessageContaining("twice");
        assertThatThrownBy(() -> Reducers.without("ltmp:tau=", keys, new TreeMap<>()))
                .isInstanceOf(InvalidSpecException.class).hasMessageContaining("no value");
    }
}
