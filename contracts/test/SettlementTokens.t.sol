// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.35;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Settlement} from "../src/Settlement.sol";
import {
    CallingToken,
    FalseToken,
    FeeToken,
    GreedyPayee,
    HungryToken,
    LyingToken,
    OpenToken,
    SilentToken,
    SurchargeToken,
    TalkingToken,
    TwoFacedToken
} from "./OddTokens.sol";
import {SettlementBase} from "./SettlementBase.sol";

/// USDC can be replaced behind its address: whatever it becomes, books and money agree, or nothing is settled.
contract SettlementTokensTest is SettlementBase {
    function use(OpenToken token) private {
        settlement = deployFor(IERC20(address(token)));
        token.mint(address(settlement), FLOAT);
    }

    function two() private view returns (Settlement.Payout[] memory payouts) {
        payouts = new Settlement.Payout[](2);
        payouts[0] = payout(1, ALICE, 100e6);
        payouts[1] = payout(2, BOB, 200e6);
    }

    function test_settle_CreditsWhoIsAnsweredFalse() public {
        FalseToken token = new FalseToken();
        use(token);
        token.refuse(ALICE);
        assertEq(settle(two()), 100e6);
        assertEq(settlement.owed(ALICE), 100e6);
        assertEq(token.balanceOf(BOB), 200e6);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token)));
        vm.prank(ALICE);
        settlement.withdraw(ALICE);
        assertEq(settlement.owed(ALICE), 100e6);
        vm.prank(ALICE);
        settlement.withdraw(CAROL);
        assertEq(token.balanceOf(CAROL), 100e6);
    }

    function test_settle_PaysWithATokenThatAnswersNothing() public {
        SilentToken token = new SilentToken();
        use(token);
        assertEq(settle(two()), 0);
        assertEq(token.balanceOf(ALICE), 100e6);
        assertEq(token.balanceOf(BOB), 200e6);
    }

    function test_settle_CreditsWhoIsAnsweredNonsense() public {
        TalkingToken token = new TalkingToken();
        use(token);
        assertEq(settle(two()), 300e6);
        assertEq(settlement.totalOwed(), 300e6);
    }

    function test_settle_IsNotHurtByALongAnswer() public {
        TalkingToken token = new TalkingToken();
        use(token);
        token.arm();
        Settlement.Payout[] memory payouts = two();
        vm.prank(SETTLER);
        // Making the megabyte costs 2.0 M for each payee; copying it would cost as much again.
        assertEq(settlement.settle{gas: 5_000_000}(payouts), 300e6);
    }

    function test_settle_BooksWhatLeftWhereThePayeeGetsLess() public {
        FeeToken token = new FeeToken();
        use(token);
        settle(two());
        assertEq(token.balanceOf(ALICE), 99e6);
        assertEq(token.balanceOf(address(settlement)), FLOAT - 300e6);
    }

    function test_RevertWhen_MoreIsTakenThanSent() public {
        SurchargeToken token = new SurchargeToken();
        use(token);
        settleReverts(two(), abi.encodeWithSelector(Settlement.MoreTakenThanSent.selector, 300e6, 303e6));
        vm.expectRevert(abi.encodeWithSelector(Settlement.MoreTakenThanSent.selector, 100e6, 101e6));
        vm.prank(ADMIN);
        settlement.withdrawFloat(ADMIN, 100e6);
    }

    function test_RevertWhen_WhoIsAnsweredFalseWasPaidAllTheSame() public {
        use(new TwoFacedToken());
        settleReverts(two(), abi.encodeWithSelector(Settlement.MoreTakenThanSent.selector, 0, 300e6));
    }

    /// It cannot be told from a payee who sends it back at once. Once: the id is settled, and the money is still the float.
    function test_settle_IsDoneOnceWithATokenThatLies() public {
        LyingToken token = new LyingToken();
        use(token);
        settle(two());
        settleReverts(two(), abi.encodeWithSelector(Settlement.AlreadySettled.selector, idOf(1)));
        assertEq(token.balanceOf(address(settlement)), FLOAT);
    }

    function test_settle_DoesNotPayLessWhereOnePayeeEatsTheGas() public {
        HungryToken token = new HungryToken();
        use(token);
        token.eat(ALICE);
        Settlement.Payout[] memory payouts = two();
        vm.prank(SETTLER);
        assertEq(settlement.settle{gas: 10_000_000}(payouts), 100e6);
        assertEq(token.balanceOf(BOB), 200e6);
    }

    function test_RevertWhen_TheTokenCallsBackInTheMiddle() public {
        CallingToken token = new CallingToken();
        use(token);
        GreedyPayee greedy = new GreedyPayee(settlement);
        token.refuse(address(greedy));
        settle(one(9, address(greedy), 50e6));
        bytes memory take = abi.encodeCall(greedy.take, (CAROL));

        // While others are paid,
        token.callBack(address(greedy), take);
        settle(two());
        assertRefused(token);
        assertEq(settlement.owed(address(greedy)), 50e6);
        // while he takes it himself,
        assertEq(greedy.take(CAROL), 50e6);
        assertRefused(token);
        assertEq(token.balanceOf(CAROL), 50e6);
        assertEq(settlement.totalOwed(), 0);

        // and as the one who settles.
        bytes32 role = settlement.SETTLER_ROLE();
        vm.prank(ADMIN);
        settlement.grantRole(role, address(token));
        token.callBack(address(settlement), abi.encodeCall(settlement.settle, (one(7, ALICE, 1e6))));
        settle(one(8, ALICE, 1e6));
        assertRefused(token);
        assertEq(settlement.settled(idOf(7)), 0);
    }

    function test_RevertWhen_TheFloatIsTakenInTheMiddle() public {
        CallingToken token = new CallingToken();
        // The admin's contract is the token itself.
        settlement =
            new Settlement(IERC20(address(token)), address(token), SETTLER, PAUSER, BATCH_CAP, DAY_CAP, ADMIN_DELAY);
        token.mint(address(settlement), FLOAT);
        token.callBack(address(settlement), abi.encodeCall(settlement.withdrawFloat, (STRANGER, FLOAT)));
        settle(two());
        assertRefused(token);
        assertEq(token.balanceOf(address(settlement)), FLOAT - 300e6);
    }

    function assertRefused(CallingToken token) private view {
        assertFalse(token.isDone());
        assertEq(token.answer(), abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
    }
}
