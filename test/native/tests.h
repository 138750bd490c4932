// The parts of the test program.
#pragma once

namespace ghostnet {

void kernel_tests();  // and with them
void depthwise_kernel_tests();
void vector_kernel_tests();
void winner_kernel_tests();
void winograd_kernel_tests();
void operator_tests();  // and with them
void activation_tests();
void conv2d_tests();
void pool_tests();
void concat_tests();
void upsample_tests();
void pixel_shuffle_tests();
void adaptive_pool_tests();
void group_norm_tests();
void binary_tests();
void transpose_tests();
void plan_tests();  // and with them
void pack_tests();
void weight_store_tests();
void graph_tests();  // and with them
void random_graph_tests();
void fast_path_tests();
void convolution_path_tests();
void winograd_path_tests();
void every_operator_tests();
void reference_tests();
void network_tests();
void run_tests();  // and with them
void executor_tests();
void memory_tests();
void platform_tests();  // and with them
void cgroup_tests();
void thread_tests();  // and with them
void thread_governor_tests();
void affinity_tests();
void preprocess_tests();  // and with them
void resize_kernel_tests();
void preprocess_refusal_tests();
void input_rule_tests();
void segmentation_tests();  // and with them
void segmentation_refusal_tests();

}  // namespace ghostnet
