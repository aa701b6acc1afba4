package leanvit.spring;

import java.util.LinkedHashMap;
import java.util.Map;
import leanvit.kernels.Provider;
import leanvit.vit.Classifier;
import leanvit.vit.WarmUp;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.core.Ordered;

/**
 * Warms the classifier up before the application is ready: Boot's readiness waits for its runners, and the health
 * indicator for this. Thread-safe.
 */
public class LeanvitWarmUp implements ApplicationRunner, Ordered {

    private static final System.Logger LOG = System.getLogger("leanvit.spring");

    private final Classifier classifier;
    private final LeanvitProperties.WarmingUp settings;
    private volatile boolean ready;
    private volatile WarmUp done;

    /** Makes a runner; the first of all where the order of others is not said. */
    public LeanvitWarmUp(Classifier classifier, LeanvitProperties.WarmingUp settings) {
        this.classifier = classifier;
        this.settings = settings;
        ready = !settings.enabled();
    }

    @Override
    public void run(ApplicationArguments arguments) {
        if (settings.enabled()) {
            done = classifier.warmUp(settings.longest());
            ready = true;
            LOG.log(System.Logger.Level.INFO, "LeanViT is warm: " + done);
        }
    }

    @Override
    public int getOrder() {
        return Ordered.HIGHEST_PRECEDENCE + 100;
    }

    /** Returns whether the classifier is warm, or need not be. */
    public boolean isReady() {
        return ready;
    }

    /** Returns what a health indicator tells: model, reducer, kernels and the warm-up. */
    public Map<String, Object> details() {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("model", classifier.model().config().architecture());
        details.put("reducer", classifier.reducer().spec());
        details.put("kernels", Provider.describe());
        WarmUp warm = done;
        details.put("warmUp", warm != null ? warm.toString() : settings.enabled() ? "under way" : "off");
        return details;
    }
}
