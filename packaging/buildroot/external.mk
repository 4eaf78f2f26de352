include $(sort $(wildcard $(BR2_EXTERNAL_PCMSTRESS_PATH)/package/*/*.mk))
