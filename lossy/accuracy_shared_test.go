package lossy

import "testing"

// A chain that flows of one packet share loses what it says and in rows as long as
// it says. With a model of their own, the mean would be right and each row begin
// anew with its flow.
func TestSharedChainOverFlowsOfOnePacket(t *testing.T) {
	for _, text := range []string{"gilbert-elliott:p=2.5%,r=10%", "gilbert-elliott:p=2%,r=20%,bad=70%,good=1%"} {
		t.Run(text, func(t *testing.T) {
			g := modelFrom(t, text).(GilbertElliott)
			const seed = 43
			fates := lostOf(oneShots(Profile{LossModel: g}, seed, aMillion()))
			judge := func(property string, f finding) {
				t.Helper()
				row{"Loss", g.String() + " shared by flows of one packet", property, seed}.judge(t, f)
			}
			_, run, _ := elliottForms(g)
			judge("mean, Markov variance", chainMean(fates, g))
			judge("mean run of losses", meanRun(fates, run))
			judge("not independent", bursty(fates))
		})
	}
}

// What a model of each flow's own, or a shared one asked by each flow's own index,
// makes of flows of one packet.
func TestChecksCatchFlowsThatShareNothing(t *testing.T) {
	g := GilbertElliott{P: 0.025, R: 0.1, Bad: 1}
	_, run, _ := elliottForms(g)
	const flows = plantedPackets / 3
	own, byOwnIndex := make([]bool, flows), make([]bool, flows)
	together := NewModel(44, SharedFlow, Up, Profile{LossModel: g})
	for flow := range own {
		own[flow] = NewModel(44, uint64(flow), Up, Profile{LossModel: g}).Decide(1).Drop == CauseLoss
		together.index = 0
		byOwnIndex[flow] = together.Decide(1).Drop == CauseLoss
	}
	wantCaught(t, "a model for each flow where they share one: runs", meanRun(own, run).wrong)
	wantCaught(t, "a shared model asked by the flow's index: mean", chainMean(byOwnIndex, g).wrong)
	every := make([]bool, 300)
	for flow := range every {
		every[flow] = NewModel(44, uint64(flow), Up, Profile{LossModel: EveryNth{N: 20, First: 19}}).Decide(1).Drop == CauseLoss
	}
	blocks, _ := exactlyBlocks(every, 1, 20)
	wantCaught(t, "a model for each flow where they share one: every 20th", blocks.wrong)
}
