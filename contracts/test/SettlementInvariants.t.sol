// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.35;

import {Test} from "forge-std/Test.sol";
import {MockUSDC} from "../mocks/MockUSDC.sol";
import {Settlement} from "../src/Settlement.sol";
import {SettlementBase} from "./SettlementBase.sol";

/// Everybody at once: settles, refuses, withdraws, tops up, pauses, changes caps, lets time pass, and tries what must not work.
/// Keeps books of its own. What must revert is caught here, and counted if it did not.
contract SettlementHandler is Test {
    uint256 private constant PAYEES = 6;
    uint256 private constant BATCH = 5;

    Settlement private immutable SETTLEMENT;
    MockUSDC private immutable USDC;
    address private immutable ADMIN;
    address private immutable SETTLER;
    address private immutable PAUSER;

    uint256 public funded;
    uint256 public pushed;
    uint256 public credited;
    uint256 public withdrawn;
    uint256 public floatWithdrawn;
    /// The most that was settled within any 24 hours above the cap of that moment.
    uint256 public aboveCap;
    uint256 public broken;

    bytes32[] private _ids;
    mapping(bytes32 id => uint256) public amountOf;
    mapping(address payee => uint256) public owedTo;
    uint256[] private _settledAt;
    uint256[] private _totals;

    constructor(Settlement settlement, MockUSDC usdc, address admin, address settler, address pauser, uint256 funded_) {
        SETTLEMENT = settlement;
        USDC = usdc;
        ADMIN = admin;
        SETTLER = settler;
        PAUSER = pauser;
        funded = funded_;
    }

    function payee(uint256 seed) public pure returns (address) {
        return address(uint160(0x1000 + seed % PAYEES));
    }

    function idsCount() external view returns (uint256) {
        return _ids.length;
    }

    function idAt(uint256 index) external view returns (bytes32) {
        return _ids[index];
    }

    function sumOwed() external view returns (uint256 sum) {
        for (uint256 i; i < PAYEES; ++i) {
            sum += SETTLEMENT.owed(payee(i));
            if (SETTLEMENT.owed(payee(i)) != owedTo[payee(i)]) return type(uint256).max;
        }
    }

    function settle(uint256 seed, uint256 size) external {
        if (SETTLEMENT.paused()) return;
        uint256 room = SETTLEMENT.dayLeft();
        if (room > SETTLEMENT.batchCap()) room = SETTLEMENT.batchCap();
        uint256 float = USDC.balanceOf(address(SETTLEMENT)) - SETTLEMENT.totalOwed();
        if (room > float) room = float;
        size = bound(size, 1, BATCH);
        if (room < size) return;
        Settlement.Payout[] memory payouts = batch(seed, size, room / size);
        uint256 total;
        uint256 refused;
        for (uint256 i; i < size; ++i) {
            total += payouts[i].amount;
            amountOf[payouts[i].id] = payouts[i].amount;
            _ids.push(payouts[i].id);
            if (!USDC.isBlacklisted(payouts[i].to)) continue;
            owedTo[payouts[i].to] += payouts[i].amount;
            refused += payouts[i].amount;
        }
        vm.prank(SETTLER);
        if (SETTLEMENT.settle(payouts) != refused) ++broken;
        pushed += total - refused;
        credited += refused;
        _settledAt.push(block.timestamp);
        _totals.push(total);
        watchDay();
    }

    function settleAboveWhatIsAllowed(uint256 seed, uint256 excess, uint256 which) external {
        uint256 limit = which % 3 == 0
            ? SETTLEMENT.batchCap()
            : which % 3 == 1 ? SETTLEMENT.dayLeft() : USDC.balanceOf(address(SETTLEMENT)) - SETTLEMENT.totalOwed();
        Settlement.Payout[] memory payouts = batch(seed, 1, 1);
        payouts[0].amount = limit + bound(excess, 1, 1e9);
        mustRevert(SETTLER, abi.encodeCall(SETTLEMENT.settle, (payouts)));
    }

    function settleAgain(uint256 seed, uint256 which) external {
        if (_ids.length == 0) return;
        Settlement.Payout[] memory payouts = batch(seed, 2, 1);
        payouts[seed % 2].id = _ids[which % _ids.length];
        mustRevert(SETTLER, abi.encodeCall(SETTLEMENT.settle, (payouts)));
    }

    function settleAsAStranger(uint256 seed) external {
        mustRevert(payee(seed), abi.encodeCall(SETTLEMENT.settle, (batch(seed, 1, 1))));
    }

    function setBlacklisted(uint256 who, bool isBlacklisted) external {
        USDC.setBlacklisted(payee(who), isBlacklisted);
    }

    function withdraw(uint256 who, uint256 to) external {
        address from = payee(who);
        if (owedTo[from] == 0 || USDC.isBlacklisted(payee(to))) {
            mustRevert(from, abi.encodeCall(SETTLEMENT.withdraw, (payee(to))));
            return;
        }
        vm.prank(from);
        if (SETTLEMENT.withdraw(payee(to)) != owedTo[from]) ++broken;
        withdrawn += owedTo[from];
        owedTo[from] = 0;
    }

    function withdrawFloat(uint256 amount, bool isTooMuch) external {
        uint256 float = USDC.balanceOf(address(SETTLEMENT)) - SETTLEMENT.totalOwed();
        if (isTooMuch) {
            // Just above, where a slip would go through.
            amount = float + bound(amount, 1, 1e9);
            mustRevert(ADMIN, abi.encodeCall(SETTLEMENT.withdrawFloat, (ADMIN, amount)));
            return;
        }
        amount = bound(amount, 0, float / 4);
        vm.prank(ADMIN);
        SETTLEMENT.withdrawFloat(ADMIN, amount);
        floatWithdrawn += amount;
    }

    function topUp(uint256 amount) external {
        amount = bound(amount, 0, 20_000e6);
        USDC.mint(address(SETTLEMENT), amount);
        funded += amount;
    }

    function pauseOrGoOn(uint256 seed) external {
        if (SETTLEMENT.paused()) {
            mustRevert(PAUSER, abi.encodeCall(SETTLEMENT.unpause, ()));
            vm.prank(ADMIN);
            SETTLEMENT.unpause();
        } else if (seed % 4 == 0) {
            vm.prank(PAUSER);
            SETTLEMENT.pause();
            mustRevert(SETTLER, abi.encodeCall(SETTLEMENT.settle, (batch(seed, 1, 1))));
        }
    }

    function setCaps(uint48 batchCap, uint48 dayCap) external {
        vm.prank(ADMIN);
        SETTLEMENT.setCaps(uint48(bound(batchCap, 1e6, 100_000e6)), uint48(bound(dayCap, 1e6, 100_000e6)));
    }

    function pass(uint256 time) external {
        skip(bound(time, 0, 10 hours));
    }

    function batch(uint256 seed, uint256 size, uint256 max) private view returns (Settlement.Payout[] memory payouts) {
        payouts = new Settlement.Payout[](size);
        for (uint256 i; i < size; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            bytes32 id = keccak256(abi.encode(random, _ids.length, i));
            payouts[i] = Settlement.Payout(id, payee(random), bound(random >> 8, 1, max));
        }
    }

    function mustRevert(address caller, bytes memory message) private {
        vm.prank(caller);
        (bool isDone,) = address(SETTLEMENT).call(message);
        if (isDone) ++broken;
    }

    function watchDay() private {
        uint256 sum;
        for (uint256 i = _totals.length; i > 0 && _settledAt[i - 1] + 24 hours > block.timestamp; --i) {
            sum += _totals[i - 1];
        }
        uint256 cap = SETTLEMENT.dayCap();
        if (sum > cap && sum - cap > aboveCap) aboveCap = sum - cap;
    }
}

contract SettlementInvariantsTest is SettlementBase {
    SettlementHandler private handler;

    function setUp() public override {
        super.setUp();
        // So little that it runs out at times.
        uint256 float = 20_000e6;
        vm.prank(ADMIN);
        settlement.withdrawFloat(ADMIN, FLOAT - float);
        handler = new SettlementHandler(settlement, usdc, ADMIN, SETTLER, PAUSER, float);
        targetContract(address(handler));
    }

    /// One walk is enough to ask for all that must hold.
    function invariant_BooksAndMoneyAgree() public view {
        balanceAndPaidOutAreWhatWasFunded();
        settledAmountsArePushedOrCreditedAndNeverChange();
        whatIsOwedIsThere();
        noDayIsAboveItsCap();
        nothingForbiddenWasDone();
    }

    /// (i)
    function balanceAndPaidOutAreWhatWasFunded() private view {
        uint256 out = handler.pushed() + handler.withdrawn() + handler.floatWithdrawn();
        assertEq(
            usdc.balanceOf(address(settlement)) + out, handler.funded(), "balance and paid out are not what came in"
        );
    }

    /// (ii) and (iii)
    function settledAmountsArePushedOrCreditedAndNeverChange() private view {
        uint256 sum;
        for (uint256 i; i < handler.idsCount(); ++i) {
            bytes32 id = handler.idAt(i);
            assertEq(settlement.settled(id), handler.amountOf(id), "a settled amount has changed");
            sum += settlement.settled(id);
        }
        assertEq(sum, handler.pushed() + handler.credited(), "settled is not pushed and credited");
    }

    /// (iv)
    function whatIsOwedIsThere() private view {
        assertGe(usdc.balanceOf(address(settlement)), settlement.totalOwed(), "less is there than is owed");
        assertEq(settlement.totalOwed(), handler.credited() - handler.withdrawn(), "owed is not what was credited");
        assertEq(handler.sumOwed(), settlement.totalOwed(), "what each is owed does not add up");
    }

    /// (v)
    function noDayIsAboveItsCap() private view {
        assertEq(handler.aboveCap(), 0, "24 hours had more than the cap");
    }

    /// What must not work did not, and what had to, did as it was told.
    function nothingForbiddenWasDone() private view {
        assertEq(handler.broken(), 0, "something forbidden worked, or something allowed did not");
    }
}
