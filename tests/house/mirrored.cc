// Every source has a test in the place where a reader looks for it, or it is said which one tests
// it.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "tests/house/tree.h"

namespace ronchi::house {
namespace {

// What is tested as part of something larger, and where: below tests. A folder stands for all in it
// that has no test of its own. python/ is tested by Python (tests/python).
const std::map<std::string, std::string> kElsewhere = {
    {"agents/bayes/expected_improvement.cc", "agents/bayes/acquisition.cc"},
    {"agents/bayes/thompson.cc", "agents/bayes/acquisition.cc"},
    {"agents/bayes/upper_confidence.cc", "agents/bayes/acquisition.cc"},
    {"agents/torch/module.cc", "experiments/loop/quickstart.cc"},
    {"core/deadly_signals.cc", "hw/safety/blanking_ends.cc"},
    {"core/storage_hdf5.cc", "core/storage.cc"},
    {"core/storage_layout.cc", "core/storage.cc"},
    {"core/storage_reader.cc", "core/storage.cc"},
    {"env/task.cc", "env/conformance.cc"},
    {"env/wrappers/stateful.cc", "env/wrappers/time_limit.cc"},
    {"experiments/catalog/describe.cc", "experiments/catalog/tables.cc"},
    {"experiments/catalog/describe_environment.cc", "experiments/catalog/schema.cc"},
    {"experiments/catalog/plugged_instruments.cc", "experiments/catalog/instruments.cc"},
    {"experiments/catalog/wired_address.cc", "experiments/serve/serve.cc"},
    {"experiments/catalog/wired_de.cc", "experiments/serve/serve.cc"},
    {"experiments/catalog/wired_dectris.cc", "experiments/serve/serve.cc"},
    {"experiments/catalog/wired_gms.cc", "experiments/serve/serve.cc"},
    {"experiments/catalog/wired_instruments.cc", "experiments/serve/serve.cc"},
    {"experiments/catalog/wired_tango.cc", "experiments/serve/tango_kind.cc"},
    {"experiments/command/command_line.cc", "experiments/command/cli.cc"},
    {"experiments/command/flow_verbs.cc", "experiments/flow/workflow_program.cc"},
    {"experiments/command/flow_main.cc", "experiments/flow/workflow_program.cc"},
    {"experiments/command/hand_over.cc", "experiments/flow/workflow_program.cc"},
    {"experiments/command/main.cc", "experiments/command/cli.cc"},
    {"experiments/command/program.cc", "experiments/command/cli.cc"},
    {"experiments/command/run_verbs.cc", "experiments/loop/quickstart.cc"},
    {"experiments/command/serve_main.cc", "experiments/serve/serve.cc"},
    {"experiments/command/serve_verb.cc", "experiments/serve/serve.cc"},
    {"experiments/command/show_verbs.cc", "experiments/command/cli.cc"},
    {"experiments/command/simulate_verb.cc", "experiments/simulate/examples.cc"},
    {"experiments/calibrate/recorded_images.cc", "experiments/calibrate/calibrate.cc"},
    {"experiments/command/calibrate_verb.cc", "experiments/calibrate/calibrate.cc"},
    {"experiments/command/estimate_verb.cc", "experiments/estimate/estimate.cc"},
    {"experiments/estimate/estimate_frames.cc", "experiments/estimate/estimate.cc"},
    {"experiments/estimate/estimate_job.cc", "experiments/estimate/estimate.cc"},
    {"experiments/estimate/estimate_pattern.cc", "experiments/estimate/estimate.cc"},
    {"experiments/estimate/range_fit.cc", "experiments/estimate/estimate.cc"},
    {"experiments/flow/flow.cc", "experiments/flow/workflows.cc"},
    {"experiments/flow/flow_answers.cc", "experiments/flow/flow_control.cc"},
    {"experiments/flow/flow_data.cc", "experiments/flow/workflows.cc"},
    {"experiments/flow/flow_decider.cc", "experiments/flow/workflows.cc"},
    {"experiments/flow/flow_host.cc", "experiments/flow/flow_guard.cc"},
    {"experiments/flow/flow_instrument.cc", "experiments/flow/flow_guard.cc"},
    {"experiments/loop/agent_at_task.cc", "experiments/loop/recipes.cc"},
    {"experiments/loop/deployment.cc", "experiments/loop/no_truth.cc"},
    {"experiments/loop/policy_reference.cc", "experiments/loop/recipes.cc"},
    {"experiments/loop/run.cc", "experiments/loop/quickstart.cc"},
    {"experiments/loop/theory_at_work.cc", "experiments/loop/watch.cc"},
    {"experiments/loop/train.cc", "experiments/loop/quickstart.cc"},
    {"experiments/loop/tune.cc", "experiments/loop/quickstart.cc"},
    {"experiments/loop/watching.cc", "experiments/loop/recipes.cc"},
    {"experiments/record/replay.cc", "experiments/loop/quickstart.cc"},
    {"experiments/record/named_agent.cc", "experiments/command/watch_verb.cc"},
    {"experiments/record/trained_policy.cc", "experiments/loop/quickstart.cc"},
    {"experiments/report/player.cc", "experiments/report/playthrough.cc"},
    {"experiments/report/run_report.cc", "experiments/record/run_record.cc"},
    {"experiments/serve/protocols.cc", "experiments/serve/serve.cc"},
    {"experiments/simulate/engine_error.cc", "experiments/simulate/simulate_cost.cc"},
    {"experiments/simulate/fine_multislice.cc", "experiments/catalog/twin_levels.cc"},
    {"experiments/simulate/simulate_command.cc", "experiments/simulate/examples.cc"},
    {"experiments/simulate/simulate_signal.cc", "experiments/simulate/examples.cc"},
    {"experiments/simulate/simulate_warnings.cc", "experiments/catalog/describe_structure.cc"},
    {"hw/conformance/exposures.cc", "hw/conformance/conformance.cc"},
    {"hw/conformance/properties.cc", "hw/conformance/conformance.cc"},
    {"hw/drivers/de/describe.cc", "hw/drivers/de/de.cc"},
    {"hw/drivers/de/server.cc", "hw/drivers/de/faults.cc"},
    {"hw/drivers/de_tem/channel.cc", "hw/drivers/de_tem/faults.cc"},
    {"hw/drivers/de_tem/corrections.cc", "hw/drivers/de_tem/de_tem.cc"},
    {"hw/drivers/de_tem/describe.cc", "hw/drivers/de_tem/de_tem.cc"},
    {"hw/drivers/de_tem/knobs.cc", "hw/drivers/de_tem/de_tem.cc"},
    {"hw/drivers/camera_exposure.cc", "hw/drivers/merlin/faults.cc"},
    {"hw/drivers/dectris/simplon.cc", "hw/drivers/dectris/faults.cc"},
    {"hw/drivers/dectris/stream_reader.cc", "hw/drivers/dectris/faults.cc"},
    {"hw/drivers/gms/bridge.cc", "hw/drivers/gms/faults.cc"},
    {"hw/drivers/library.cc", "experiments/catalog/instruments.cc"},
    {"hw/drivers/merlin/merlin_control.cc", "hw/drivers/merlin/faults.cc"},
    {"hw/drivers/remote_reply.cc", "hw/drivers/remote.cc"},
    {"hw/drivers/tango/corrector.cc", "hw/drivers/tango/tango.cc"},
    {"hw/drivers/tango/describe.cc", "hw/drivers/tango/tango.cc"},
    {"hw/drivers/tango/images.cc", "hw/drivers/tango/faults.cc"},
    {"hw/drivers/tango/knobs.cc", "hw/drivers/tango/tango.cc"},
    {"hw/drivers/tango/part.cc", "hw/drivers/tango/faults.cc"},
    {"hw/drivers/tango/tiled.cc", "hw/drivers/tango/faults.cc"},
    {"hw/drivers/temscript/describe.cc", "hw/drivers/temscript/temscript.cc"},
    {"hw/drivers/temscript/service.cc", "hw/drivers/temscript/faults.cc"},
    {"hw/instrument/capability.cc", "hw/instrument/description_check.cc"},
    {"hw/instrument/command.cc", "hw/record/recorded.cc"},
    {"hw/instrument/command_json.cc", "hw/record/recorded.cc"},
    {"hw/instrument/cost.cc", "hw/workflow/checker_costs.cc"},
    {"hw/instrument/description.cc", "hw/instrument/description_check.cc"},
    {"hw/instrument/description_json.cc", "hw/instrument/description_check.cc"},
    {"hw/instrument/instrument.cc", "hw/conformance/conformance.cc"},
    {"hw/instrument/validate.cc", "hw/conformance/conformance.cc"},
    {"hw/wire/zeromq.cc", "hw/drivers/gms/faults.cc"},
    {"hw/record/append_file.cc", "hw/safety/power_loss.cc"},
    {"hw/record/event_log.cc", "hw/record/recorded.cc"},
    {"hw/record/event_log_reader.cc", "hw/record/recorded.cc"},
    {"hw/safety/beam_check.cc", "hw/safety/beam_before.cc"},
    {"hw/safety/last_resort.cc", "hw/safety/blanking_ends.cc"},
    {"hw/safety/set_rules.cc", "hw/safety/guard_envelope.cc"},
    {"hw/safety/watchdog.cc", "hw/safety/faults.cc"},
    {"hw/server/ceos_corrector.cc", "hw/server/ceos_server.cc"},
    {"hw/server/column_desk.cc", "hw/server/temscript_server.cc"},
    {"hw/server/http_gate.cc", "hw/server/mcp_server.cc"},
    {"hw/server/mcp_tools.cc", "hw/server/mcp_server.cc"},
    {"hw/server/tango_offers.cc", "hw/server/tango_desk.cc"},
    {"hw/server/tango_server.cc", "experiments/serve/tango_kind.cc"},
    {"hw/server/temscript_desk.cc", "hw/server/temscript_server.cc"},
    {"hw/server/merlin_camera.cc", "hw/server/merlin_server.cc"},
    {"hw/tango/", "experiments/serve/tango_kind.cc"},
    {"hw/twin/base/readings.cc", "hw/twin/base/twin_base.cc"},
    {"hw/twin/base/ring_cross_section.cc", "hw/twin/particles/particles_twin.cc"},
    {"hw/twin/base/twin_state.cc", "hw/twin/base/twin_base.cc"},
    {"hw/twin/column/amorphous_layer.cc", "hw/twin/column/image_model.cc"},
    {"hw/twin/column/column.cc", "hw/twin/column/column_parts.cc"},
    {"hw/twin/column/column_frames.cc", "hw/twin/column/column_twin.cc"},
    {"hw/twin/column/describe_column.cc", "hw/twin/column/column_twin.cc"},
    {"hw/twin/column/detectors.cc", "hw/twin/column/column_parts.cc"},
    {"hw/twin/column/optics.cc", "hw/twin/column/column_parts.cc"},
    {"hw/twin/column/specimen_state.cc", "hw/twin/column/column_parts.cc"},
    {"hw/twin/column/temporal_coherence.cc", "hw/twin/column/image_model.cc"},
    {"hw/twin/column/twin_options.cc", "experiments/catalog/instruments.cc"},
    {"hw/twin/column/twin_prior.cc", "hw/twin/column/nuisances.cc"},
    {"hw/twin/particles/describe_particles.cc", "hw/twin/particles/particles_twin.cc"},
    {"hw/twin/particles/particles_options.cc", "hw/twin/particles/particles_twin.cc"},
    {"hw/twin/sheet/sheet_options.cc", "hw/twin/sheet/sheet_twin.cc"},
    {"hw/twin/sheet/sheet_state.cc", "hw/twin/sheet/sheet_twin.cc"},
    {"hw/wire/connection.cc", "hw/wire/program.cc"},
    {"hw/wire/tango_failed.cc", "hw/drivers/tango/faults.cc"},
    {"hw/wire/tango_library.cc", "experiments/serve/tango_kind.cc"},
    {"hw/wire/tcp.cc", "hw/drivers/remote.cc"},
    {"hw/workflow/checker_join.cc", "hw/workflow/checker_loops.cc"},
    {"hw/workflow/checker_rounds.cc", "hw/workflow/bounds.cc"},
    {"hw/workflow/checker_steps.cc", "hw/workflow/checker.cc"},
    {"hw/workflow/commands.cc", "hw/workflow/checker.cc"},
    {"hw/workflow/guard_limits.cc", "hw/workflow/checker.cc"},
    {"hw/workflow/names.cc", "hw/workflow/checker.cc"},
    {"hw/workflow/results.cc", "hw/workflow/runner.cc"},
    {"hw/workflow/workflow.cc", "hw/workflow/checker.cc"},
    {"hw/workflow/workflow_parse.cc", "hw/workflow/checker.cc"},
    {"sim/contracted/aberration_basis.cc", "sim/contracted/contracted.cc"},
    {"sim/contracted/aperture_rows.cc", "sim/contracted/contracted.cc"},
    {"sim/contracted/builder.cc", "sim/contracted/contracted_crystal.cc"},
    {"sim/contracted/contracted_model.cc", "sim/contracted/contracted_crystal.cc"},
    {"sim/contracted/gradient.cc", "sim/contracted/derivative.cc"},
    {"sim/contracted/prepare.cc", "sim/contracted/contracted.cc"},
    {"sim/contracted/store.cc", "experiments/simulate/contracted_cache.cc"},
    {"sim/detector_config.cc", "sim/simulate_config.cc"},
    {"sim/engines/", "sim/engine.cc"},
    {"sim/potential.cc", "sim/potential/placement.cc"},
    {"sim/potential/core_nodes.cc", "sim/potential/placement.cc"},
    {"sim/readings.cc", "sim/simulate_jobs.cc"},
    {"sim/transmission.cc", "sim/potential/placement.cc"},
    {"theory/forward/crystal_camera.cc", "theory/forward/crystal_waves.cc"},
    {"theory/forward/crystal_pattern.cc", "theory/forward/crystal_waves.cc"},
    {"theory/forward/crystal_search.cc", "experiments/estimate/estimate.cc"},
    {"theory/forward/crystal_match.cc", "theory/belief/start_search.cc"},
};

bool HasFile(const std::string& path) {
  return std::filesystem::exists(std::filesystem::path(RONCHI_SOURCE_DIR) / path);
}

bool IsElsewhere(const std::string& source) {
  return kElsewhere.contains(source) ||
         kElsewhere.contains(source.substr(0, source.rfind('/') + 1));
}

TEST(Mirrored, EverySourceHasATestOrSaysWhere) {
  const auto sources = ReadTree({"core", "sim", "theory", "hw", "env", "agents", "experiments"},
                                [](const auto& path) { return path.extension() == ".cc"; });
  size_t mirrored = 0;
  for (const Source& source : sources) {
    if (HasFile("tests/" + source.path)) {
      ++mirrored;
      EXPECT_FALSE(kElsewhere.contains(source.path))
          << source.path << " has a test of its own: its row can go";
    } else {
      EXPECT_TRUE(IsElsewhere(source.path))
          << source.path << " has no tests/" << source.path
          << "; if another test is its own, a row of " << __FILE__ << " says which";
    }
  }
  for (const auto& [source, test] : kElsewhere) {
    EXPECT_TRUE(HasFile(source)) << source << " is gone: its row can go";
    EXPECT_TRUE(HasFile("tests/" + test)) << source << " is said to be tested in tests/" << test;
  }
  ASSERT_GT(sources.size(), 300u) << "found no sources below " << RONCHI_SOURCE_DIR;
  EXPECT_GE(double(mirrored), 0.6 * double(sources.size())) << mirrored << " of " << sources.size();
}

}  // namespace
}  // namespace ronchi::house
