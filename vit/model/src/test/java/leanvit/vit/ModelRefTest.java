package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import leanvit.testdata.TestData;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;

class ModelRefTest {

    private static final ModelRef DEMO = ModelRef.of(TestData.path("demo/model").toString());
    private static final Path CUP = TestData.path("demo/pictures/cup.png");

    @Test
    void comesOutOfSerializationAsItWentIn() throws Exception {
        ModelRef ref = DEMO.withReducer("tome:r=8").withImageSize(96, 128);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(ref);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            ModelRef back = (ModelRef) in.readObject();
            assertThat(back).isEqualTo(ref);
            assertThat(back.get()).isSameAs(ref.get());
            assertThat(back.get().preprocessing().width()).isEqualTo(128);
            assertThat(back.get().reducer().spec()).isEqualTo("tome:r=8");
        }
    }

    @Test
    void aJvmLoadsAModelOnceForAllThreadsAndReducers() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<Classifier>> got = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                ModelRef ref = DEMO.withReducer(i % 2 == 0 ? "none" : "topk:keep=0.5");
                got.add(threads.submit(ref::get));
            }
            Set<Classifier> classifiers = new HashSet<>();
            Set<VisionTransformer> models = new HashSet<>();
            for (Future<Classifier> each : got) {
                classifiers.add(each.get());
                models.add(each.get().model());
            }
            assertThat(classifiers).hasSize(2);
            assertThat(models).hasSize(1);
        } finally {
            threads.shutdown();
        }
        assertThat(DEMO.get().classify(CUP, 1).get(0).label()).isEqualTo("cup");
    }

    @Test
    void whatCannotBeIsToldByGetAndTriedAgain() {
        ModelRef none = ModelRef.of("none");
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(none::get).isInstanceOf(InvalidInputException.class)
                    .hasMessage("none: no such directory");
        }
        assertThatThrownBy(DEMO.withReducer("tomme")::get).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> DEMO.withImageSize(0, 8)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("image of 0 x 8 pixels, expected two sides above 0, or two of 0");
        assertThatThrownBy(() -> ModelRef.of(null)).isInstanceOf(NullPointerException.class).hasMessage("model");
    }

    @Test
    void aFailureIsAnIoException() {
        assertThatThrownBy(ModelRef.of("none")::get).isInstanceOf(IOException.class);
    }
}
